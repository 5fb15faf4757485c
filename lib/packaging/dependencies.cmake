# What deepid stands on. Each miss names the Debian package.
function(deepid_require variable package)
  if(NOT ${variable})
    message(FATAL_ERROR "deepid needs ${package}: apt-get install ${package}")
  endif()
endfunction()
# What an option of ours can do without.   deepid_require_for OPTION variable package
function(deepid_require_for option variable package)
  if(NOT ${variable})
    message(FATAL_ERROR "deepid needs ${package}: apt-get install ${package}, or build without it: -D${option}=OFF")
  endif()
endfunction()

# What a program that links the archive needs beside it, as library=package: deepid-config.cmake, deepid.pc and the package deepid-dev
# are made from this list. Joined into the archive are jansson and protobuf-c, headers alone are Random123 and xxhash.
set(deepid_needs lbfgs=liblbfgs-dev openblas=libopenblas-serial-dev z=zlib1g-dev)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(ZLIB)
deepid_require(ZLIB_FOUND zlib1g-dev)

find_path(DEEPID_RANDOM123_INCLUDE Random123/philox.h)
deepid_require(DEEPID_RANDOM123_INCLUDE librandom123-dev)
# static: it becomes part of the library, under no name of its own
find_path(DEEPID_JANSSON_INCLUDE jansson.h)
find_library(DEEPID_JANSSON_ARCHIVE libjansson.a)
deepid_require(DEEPID_JANSSON_ARCHIVE libjansson-dev)
# compiled in from its header
find_path(DEEPID_XXHASH_INCLUDE xxhash.h)
deepid_require(DEEPID_XXHASH_INCLUDE libxxhash-dev)
find_path(DEEPID_LBFGS_INCLUDE lbfgs.h)
find_library(DEEPID_LBFGS_LIBRARY NAMES liblbfgs.a lbfgs)
deepid_require(DEEPID_LBFGS_LIBRARY liblbfgs-dev)

# .npz archives
option(DEEPID_LIBZIP "Read .npz archives (needs libzip)" ON)
if(DEEPID_LIBZIP)
  find_path(DEEPID_LIBZIP_INCLUDE zip.h)
  find_library(DEEPID_LIBZIP_LIBRARY zip)
  deepid_require_for(DEEPID_LIBZIP DEEPID_LIBZIP_INCLUDE libzip-dev)
  deepid_require_for(DEEPID_LIBZIP DEEPID_LIBZIP_LIBRARY libzip-dev)
  list(APPEND deepid_needs zip=libzip-dev)
endif()

# folders of PNG and JPEG files
option(DEEPID_PICTURES "Read folders of pictures (needs libspng and libjpeg)" ON)
if(DEEPID_PICTURES)
  find_path(DEEPID_SPNG_INCLUDE spng.h)
  find_library(DEEPID_SPNG_LIBRARY spng)
  deepid_require_for(DEEPID_PICTURES DEEPID_SPNG_INCLUDE libspng-dev)
  deepid_require_for(DEEPID_PICTURES DEEPID_SPNG_LIBRARY libspng-dev)
  find_path(DEEPID_JPEG_INCLUDE jpeglib.h)
  find_library(DEEPID_JPEG_LIBRARY jpeg)
  deepid_require_for(DEEPID_PICTURES DEEPID_JPEG_INCLUDE libjpeg62-turbo-dev)
  deepid_require_for(DEEPID_PICTURES DEEPID_JPEG_LIBRARY libjpeg62-turbo-dev)
  list(APPEND deepid_needs spng=libspng-dev jpeg=libjpeg62-turbo-dev)
endif()

# ONNX files: protobuf-c, static like jansson, and the messages as Debian's onnx has them
if(DEEPID_ONNX)
  find_program(DEEPID_PROTOC_C protoc-c)
  deepid_require_for(DEEPID_ONNX DEEPID_PROTOC_C protobuf-c-compiler)
  find_path(DEEPID_PROTOBUF_C_INCLUDE protobuf-c/protobuf-c.h)
  find_library(DEEPID_PROTOBUF_C_ARCHIVE libprotobuf-c.a)
  deepid_require_for(DEEPID_ONNX DEEPID_PROTOBUF_C_ARCHIVE libprotobuf-c-dev)
  find_file(DEEPID_ONNX_SCHEMA onnx/onnx.proto)
  deepid_require_for(DEEPID_ONNX DEEPID_ONNX_SCHEMA libonnx-dev)
endif()

# static: the serial OpenBLAS, linked in and hidden, so that it cannot fight the host's BLAS threads
if(DEEPID_BLAS STREQUAL "static")
  set(serial /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial)
  find_library(DEEPID_BLAS_LIBRARY libopenblas.a PATHS ${serial} NO_DEFAULT_PATH)
  find_library(DEEPID_BLAS_LIBRARY libopenblas.a)
  find_path(DEEPID_BLAS_INCLUDE cblas.h PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH)
  find_path(DEEPID_BLAS_INCLUDE cblas.h)
  deepid_require(DEEPID_BLAS_LIBRARY libopenblas-serial-dev)
elseif(DEEPID_BLAS STREQUAL "shared")
  set(BLA_VENDOR OpenBLAS)
  find_package(BLAS)
  deepid_require(BLAS_FOUND libopenblas-dev)
  set(DEEPID_BLAS_LIBRARY ${BLAS_LIBRARIES})
  find_path(DEEPID_BLAS_INCLUDE cblas.h)
else()
  message(FATAL_ERROR "DEEPID_BLAS is '${DEEPID_BLAS}', expected static or shared")
endif()
deepid_require(DEEPID_BLAS_INCLUDE libopenblas-serial-dev)
