// The program of examples/02_own_arrays.c in C++17: handles that free themselves, errors that are thrown; same numbers, same checksum.
#include <deepid/deepid.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

namespace {

template <auto destroy> struct Destroy {
    template <class T> void operator()(T *handle) const { destroy(handle); }
};
using Context = std::unique_ptr<deepid_ctx, Destroy<deepid_ctx_destroy>>;
using Dataset = std::unique_ptr<deepid_dataset, Destroy<deepid_dataset_destroy>>;
using Net = std::unique_ptr<deepid_net, Destroy<deepid_net_destroy>>;
using Tensor = std::unique_ptr<deepid_tensor, Destroy<deepid_tensor_destroy>>;

void check(const Context &ctx, int32_t status)
{
    if (status != DEEPID_OK)
        throw std::runtime_error(ctx ? deepid_ctx_error(ctx.get()) : deepid_status_name(status));
}

// A function whose last argument gives a handle: make<Net>(ctx, deepid_net_create, ctx.get(), text, DEEPID_F32)
template <class Handle, class Function, class... Arguments>
Handle make(const Context &ctx, Function function, Arguments... arguments)
{
    typename Handle::pointer out = nullptr;
    check(ctx, function(arguments..., &out));
    return Handle(out);
}

constexpr int64_t samples = 64, side = 8, classes = 2;

std::vector<uint8_t> bars(std::vector<int32_t> &labels)
{
    std::vector<uint8_t> pixels(samples * side * side);
    for (int64_t i = 0; i < samples; i++) {
        const int64_t where = i / classes % side;
        labels.push_back(static_cast<int32_t>(i % classes));
        for (int64_t k = 0; k < side; k++)
            pixels[i * side * side + (labels[i] == 0 ? where * side + k : k * side + where)] = 255;
    }
    return pixels;
}

// FNV-1a over the bytes of the weights
uint32_t checksum(const void *data, size_t bytes)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ static_cast<const uint8_t *>(data)[i]) * 16777619u;
    return hash;
}

void run()
{
    std::vector<int32_t> labels;
    const std::vector<uint8_t> pixels = bars(labels);
    const std::array<int64_t, 4> extents{samples, side, side, 1}, strides{side * side, side, 1, 1};
    const std::array<int64_t, 2> y_extents{samples, classes};

    const Context ctx = make<Context>({}, deepid_ctx_create);
    const Dataset data = make<Dataset>(ctx, deepid_dataset_wrap, ctx.get(), DEEPID_U8, pixels.data(), 4, extents.data(),
                                       strides.data(), labels.data(), classes);
    check(ctx, deepid_dataset_normalize(data.get(), "global", data.get()));
    const Net net = make<Net>(ctx, deepid_net_create, ctx.get(),
                              "input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu;"
                              "2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu;"
                              "conv2d out=4 kernel=3 bias=0; batchnorm } after=relu; global_avgpool; dense out=2",
                              DEEPID_F32);
    check(ctx, deepid_net_init(net.get(), "he mode=fan_out", 1));
    check(ctx, deepid_net_prepare(net.get(), samples, 1));
    check(ctx, deepid_net_set_mode(net.get(), DEEPID_TRAIN));
    const Tensor x = make<Tensor>(ctx, deepid_tensor_create, ctx.get(), DEEPID_F32, 4, extents.data());
    const Tensor y = make<Tensor>(ctx, deepid_tensor_create, ctx.get(), DEEPID_F32, 2, y_extents.data());
    const Tensor dy = make<Tensor>(ctx, deepid_tensor_create, ctx.get(), DEEPID_F32, 2, y_extents.data());
    check(ctx, deepid_dataset_copy(data.get(), 0, samples, x.get()));

    auto *w = static_cast<float *>(deepid_net_trained_data(net.get())); // borrowed from the net
    const int64_t count = deepid_net_trained_count(net.get());
    for (int step = 0; step < 30; step++) {
        double loss = 0;
        check(ctx, deepid_net_forward(net.get(), x.get(), y.get()));
        check(ctx, deepid_cross_entropy_forward("", y.get(), labels.data(), &loss));
        check(ctx, deepid_cross_entropy_backward("", y.get(), labels.data(), dy.get()));
        check(ctx, deepid_net_zero_gradients(net.get()));
        check(ctx, deepid_net_backward(net.get(), dy.get(), nullptr));
        const auto *dw = static_cast<const float *>(deepid_net_trained_gradient(net.get()));
        for (int64_t i = 0; i < count; i++)
            w[i] -= 0.1f * dw[i];
        if (step % 10 == 0 || step == 29)
            std::printf("step %2d  loss %.6f\n", step, loss);
    }
    const auto *kernel = static_cast<const float *>(deepid_net_parameter_data(net.get(), "block2.conv2d1.weight"));
    std::printf("block2.conv2d1.weight[0] = %.6f\nchecksum %08x\n", kernel[0], checksum(w, count * sizeof *w));
}

} // namespace

int main()
{
    try {
        run();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
