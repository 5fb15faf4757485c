-- Plain against identity from LuaJIT: trains both for 200 steps in a pull loop.   usage: luajit depth.lua [LIBRARY [HEADER]]
local ffi = require("ffi")
ffi.cdef(assert(io.open(arg[2] or "/usr/include/deepid/deepid.ffi.h")):read("*a"))
local lib = ffi.load(arg[1] or "deepid")
local ctx = ffi.new("deepid_ctx *[1]")
assert(lib.deepid_ctx_create(ctx) == 0)

local function check(status)
  if status ~= 0 then error(ffi.string(lib.deepid_ctx_error(ctx[0]))) end
end

local data = ffi.new("deepid_dataset *[1]")
check(lib.deepid_dataset_generate(ctx[0], "spirals n=256 noise=0.06", 77, data))
local losses = {}
for _, block in ipairs({ "plain", "identity" }) do
  local net, trainer, loss = ffi.new("deepid_net *[1]"), ffi.new("deepid_trainer *[1]"), ffi.new("double[1]")
  local text = "input 2; dense out=16; batchnorm; relu; 30 * " .. block .. " { dense out=16; batchnorm; relu }; dense out=2"
  check(lib.deepid_net_create(ctx[0], text, 1, net))
  check(lib.deepid_net_init(net[0], "he", 1))
  check(lib.deepid_trainer_create(net[0], data[0], trainer))
  check(lib.deepid_trainer_set_optimizer(trainer[0], "sgd momentum=0.9"))
  check(lib.deepid_trainer_set_learning_rate(trainer[0], 0.03))
  for _ = 1, 200 do check(lib.deepid_trainer_step(trainer[0])) end
  check(lib.deepid_net_evaluate(net[0], data[0], nil, loss, nil))
  print(string.format("%-8s depth 30: training loss %.4f", block, loss[0]))
  losses[block] = loss[0]
  lib.deepid_trainer_destroy(trainer[0])
  lib.deepid_net_destroy(net[0])
end
lib.deepid_dataset_destroy(data[0])
lib.deepid_ctx_destroy(ctx[0])
os.exit(losses.identity < losses.plain and 0 or 1)
