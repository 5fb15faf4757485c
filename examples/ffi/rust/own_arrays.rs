//! The program of examples/02_own_arrays.c in Rust: handles that free themselves, errors that are results; same numbers,
//! same checksum.
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_void};
use std::ptr::null_mut;

type Handle = *mut c_void;

#[link(name = "deepid")]
extern "C" {
    fn deepid_ctx_create(out: *mut Handle) -> i32;
    fn deepid_ctx_destroy(ctx: Handle);
    fn deepid_ctx_error(ctx: Handle) -> *const c_char;
    fn deepid_dataset_wrap(ctx: Handle, dtype: i32, data: *const c_void, rank: i32, extents: *const i64, strides: *const i64,
                           labels: *const i32, classes: i64, out: *mut Handle) -> i32;
    fn deepid_dataset_normalize(data: Handle, how: *const c_char, reference: Handle) -> i32;
    fn deepid_dataset_copy(data: Handle, first: i64, count: i64, x: Handle) -> i32;
    fn deepid_dataset_destroy(data: Handle);
    fn deepid_net_create(ctx: Handle, text: *const c_char, dtype: i32, out: *mut Handle) -> i32;
    fn deepid_net_init(net: Handle, init: *const c_char, seed: u64) -> i32;
    fn deepid_net_prepare(net: Handle, batch: i64, train: i32) -> i32;
    fn deepid_net_set_mode(net: Handle, mode: i32) -> i32;
    fn deepid_net_forward(net: Handle, x: Handle, y: Handle) -> i32;
    fn deepid_net_backward(net: Handle, dy: Handle, dx: Handle) -> i32;
    fn deepid_net_zero_gradients(net: Handle) -> i32;
    fn deepid_net_trained_count(net: Handle) -> i64;
    fn deepid_net_trained_data(net: Handle) -> *mut c_void;
    fn deepid_net_trained_gradient(net: Handle) -> *mut c_void;
    fn deepid_net_parameter_data(net: Handle, name: *const c_char) -> *mut c_void;
    fn deepid_net_destroy(net: Handle);
    fn deepid_tensor_create(ctx: Handle, dtype: i32, rank: i32, extents: *const i64, out: *mut Handle) -> i32;
    fn deepid_tensor_destroy(tensor: Handle);
    fn deepid_cross_entropy_forward(options: *const c_char, z: Handle, labels: *const i32, loss: *mut f64) -> i32;
    fn deepid_cross_entropy_backward(options: *const c_char, z: Handle, labels: *const i32, dz: Handle) -> i32;
}

const F32: i32 = 1;
const U8: i32 = 3;
const TRAIN: i32 = 1;
const SAMPLES: usize = 64;
const SIDE: usize = 8;
const CLASSES: usize = 2;

/// A C object that is destroyed with its owner; fields and variables go in the reverse order of their birth.
struct Owned(Handle, unsafe extern "C" fn(Handle));

impl Drop for Owned {
    fn drop(&mut self) {
        unsafe { (self.1)(self.0) }
    }
}

struct Context(Owned);

impl Context {
    fn new() -> Result<Context, String> {
        let mut out = null_mut();
        match unsafe { deepid_ctx_create(&mut out) } {
            0 => Ok(Context(Owned(out, deepid_ctx_destroy))),
            status => Err(format!("no context: status {status}")),
        }
    }

    fn check(&self, status: i32) -> Result<(), String> {
        match status {
            0 => Ok(()),
            _ => Err(unsafe { CStr::from_ptr(deepid_ctx_error(self.0 .0)) }.to_string_lossy().into_owned()),
        }
    }

    /// A call that gives a new object.
    fn make(&self, destroy: unsafe extern "C" fn(Handle), call: impl FnOnce(*mut Handle) -> i32) -> Result<Owned, String> {
        let mut out = null_mut();
        self.check(call(&mut out))?;
        Ok(Owned(out, destroy))
    }

    fn tensor(&self, extents: &[i64]) -> Result<Owned, String> {
        self.make(deepid_tensor_destroy, |out| unsafe {
            deepid_tensor_create(self.0 .0, F32, extents.len() as i32, extents.as_ptr(), out)
        })
    }
}

fn text(words: &str) -> CString {
    CString::new(words).expect("no NUL inside")
}

fn bars() -> (Vec<u8>, Vec<i32>) {
    let (mut pixels, mut labels) = (vec![0u8; SAMPLES * SIDE * SIDE], Vec::new());
    for i in 0..SAMPLES {
        let place = i / CLASSES % SIDE;
        labels.push((i % CLASSES) as i32);
        for k in 0..SIDE {
            pixels[i * SIDE * SIDE + if labels[i] == 0 { place * SIDE + k } else { k * SIDE + place }] = 255;
        }
    }
    (pixels, labels)
}

/// FNV-1a over the bytes of the weights
fn checksum(weights: &[f32]) -> u32 {
    weights.iter().flat_map(|w| w.to_le_bytes()).fold(2166136261u32, |hash, byte| (hash ^ byte as u32).wrapping_mul(16777619))
}

fn main() -> Result<(), String> {
    let (pixels, labels) = bars(); // before what looks into them, so they go after it
    let ctx = Context::new()?;
    let (n, side) = (SAMPLES as i64, SIDE as i64);
    let (extents, strides) = ([n, side, side, 1], [side * side, side, 1, 1]);
    let data = ctx.make(deepid_dataset_destroy, |out| unsafe {
        deepid_dataset_wrap(ctx.0 .0, U8, pixels.as_ptr().cast(), 4, extents.as_ptr(), strides.as_ptr(), labels.as_ptr(),
                            CLASSES as i64, out)
    })?;
    ctx.check(unsafe { deepid_dataset_normalize(data.0, text("global").as_ptr(), data.0) })?;
    let net_text = text("input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu;\
                         2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu;\
                         conv2d out=4 kernel=3 bias=0; batchnorm } after=relu; global_avgpool; dense out=2");
    let net = ctx.make(deepid_net_destroy, |out| unsafe { deepid_net_create(ctx.0 .0, net_text.as_ptr(), F32, out) })?;
    ctx.check(unsafe { deepid_net_init(net.0, text("he mode=fan_out").as_ptr(), 1) })?;
    ctx.check(unsafe { deepid_net_prepare(net.0, n, 1) })?;
    ctx.check(unsafe { deepid_net_set_mode(net.0, TRAIN) })?;
    let (x, y, dy) = (ctx.tensor(&extents)?, ctx.tensor(&[n, CLASSES as i64])?, ctx.tensor(&[n, CLASSES as i64])?);
    ctx.check(unsafe { deepid_dataset_copy(data.0, 0, n, x.0) })?;

    let count = unsafe { deepid_net_trained_count(net.0) } as usize;
    let plain = text("");
    for step in 0..30 {
        let mut loss = 0.0;
        ctx.check(unsafe { deepid_net_forward(net.0, x.0, y.0) })?;
        ctx.check(unsafe { deepid_cross_entropy_forward(plain.as_ptr(), y.0, labels.as_ptr(), &mut loss) })?;
        ctx.check(unsafe { deepid_cross_entropy_backward(plain.as_ptr(), y.0, labels.as_ptr(), dy.0) })?;
        ctx.check(unsafe { deepid_net_zero_gradients(net.0) })?;
        ctx.check(unsafe { deepid_net_backward(net.0, dy.0, null_mut()) })?;
        // borrowed from the net, which does nothing meanwhile
        let w = unsafe { std::slice::from_raw_parts_mut(deepid_net_trained_data(net.0) as *mut f32, count) };
        let dw = unsafe { std::slice::from_raw_parts(deepid_net_trained_gradient(net.0) as *const f32, count) };
        w.iter_mut().zip(dw).for_each(|(w, dw)| *w -= 0.1 * dw);
        if step % 10 == 0 || step == 29 {
            println!("step {step:2}  loss {loss:.6}");
        }
    }
    let kernel = unsafe { *(deepid_net_parameter_data(net.0, text("block2.conv2d1.weight").as_ptr()) as *const f32) };
    let w = unsafe { std::slice::from_raw_parts(deepid_net_trained_data(net.0) as *const f32, count) };
    println!("block2.conv2d1.weight[0] = {kernel:.6}\nchecksum {:08x}", checksum(w));
    Ok(())
}
