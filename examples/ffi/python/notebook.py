"""A notebook's cells, for Jupyter and editors that know `# %%`: from arrays to a trained net, a look inside, a study."""
# %% Data: numpy arrays; labels may be texts
import deepid
import numpy as np

random = np.random.default_rng(1)
x = random.standard_normal((320, 8)).astype(np.float32)
y = np.where(x[:, :4].sum(1) > x[:, 4:].prod(1), "sum", "product")

# %% Train a net; with Ctrl-C or interrupt it stops after a step, and the cell run again goes on
net = deepid.Net("input 8; dense out=16; relu; dense out=2", seed=1)
trainer = deepid.Trainer(net, x[:240], y[:240], valid=(x[240:], y[240:]), optimizer="sgd momentum=0.9", learning_rate=0.05, batch=32)
trainer.fit(epochs=20)
print(trainer.evaluate(), trainer.predict(x[240:245]))

# %% Look inside: a probe's columns
columns = deepid.inspect(net, x, y, "gradient_norm")
print({layer: f"{norm:.3g}" for layer, norm in zip(columns["layer"], columns["activation"])})

# %% Why is a deeper one worse?
deep = "input 8; dense out=16; relu; 40 * plain { dense out=16; relu }; dense out=2"
result = deepid.study(net, deep, x[:240], y[:240], valid=(x[240:], y[240:]), seeds=6, steps=100, arms="S,D,W0,D_res",
                      tuning_seeds=0)
result

# %% The numbers behind it, and the report
print([f"{one.hypothesis}: {one.status}" for one in result.verdict if one.status in ("confirmed", "refuted")])
print(result.table)
result.report("report.html")
