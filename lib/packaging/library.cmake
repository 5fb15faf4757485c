# The library from its sources: found by place, so that a new file needs no line here.
#   lib/ops/<kind>/*.c, lib/*/*_real.c and vector.c are written over `real` and compiled for float, double and long double, the first two for each instruction set;
#   gemm.c, whose instruction set is the BLAS's affair, once for each precision;
#   json.c joins its jansson first, lib/onnx its protobuf-c;
#   *_ref.c are references for the tests and never part of the library.
file(GLOB deepid_all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/*/*.c ${PROJECT_SOURCE_DIR}/lib/*/*/*.c)
file(GLOB deepid_real CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/ops/*/*.c ${PROJECT_SOURCE_DIR}/lib/*/*_real.c)
list(APPEND deepid_real ${PROJECT_SOURCE_DIR}/lib/tensor/vector.c)
set(deepid_gemm ${PROJECT_SOURCE_DIR}/lib/tensor/gemm.c)
list(FILTER deepid_all EXCLUDE REGEX "_ref\\.c$")
list(FILTER deepid_real EXCLUDE REGEX "_ref\\.c$")
set(deepid_json ${PROJECT_SOURCE_DIR}/lib/base/json.c)
file(GLOB deepid_onnx CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/onnx/*.c)
set(deepid_onnx_absent ${PROJECT_SOURCE_DIR}/lib/onnx/absent.c)
set(deepid_once ${deepid_all})
list(REMOVE_ITEM deepid_once ${deepid_real} ${deepid_gemm} ${deepid_json} ${deepid_onnx})
list(REMOVE_ITEM deepid_onnx ${deepid_onnx_absent})
if(NOT DEEPID_ONNX)
  list(APPEND deepid_once ${deepid_onnx_absent})
endif()
if(NOT DEEPID_PICTURES)
  list(FILTER deepid_once EXCLUDE REGEX "/data/picture_(png|jpeg)\\.c$")
endif()

set(DEEPID_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wdouble-promotion)
if(DEEPID_WERROR)
  list(APPEND DEEPID_WARNINGS -Werror)
endif()
# -O1 -g1, whatever the build type says: with -O2 -g the checks in the unrolled kernels compile for minutes (winograd.c, one precision and
# instruction set: 37 s, so 4 s)
if(DEEPID_SANITIZE)
  add_compile_options(-O1 -g1 -fsanitize=${DEEPID_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DEEPID_SANITIZE})
endif()
if(DEEPID_TOP_LEVEL)
  set(CMAKE_C_FLAGS_RELEASE "-O3 -g -DNDEBUG" CACHE STRING "" FORCE)
endif()

# -ffp-contract=off: the bits do not depend on which products the compiler fuses
# ... but in the products of dense layers and convolutions, where fusing is half of the speed
set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/ops/conv2d/direct.c ${PROJECT_SOURCE_DIR}/lib/ops/conv2d/packed.c ${PROJECT_SOURCE_DIR}/lib/ops/conv2d/winograd.c ${PROJECT_SOURCE_DIR}/lib/tensor/product_real.c PROPERTIES COMPILE_OPTIONS -ffp-contract=fast)
function(deepid_objects name precision isa)
  add_library(${name} OBJECT ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/lib)
  target_include_directories(${name} SYSTEM PRIVATE ${DEEPID_BLAS_INCLUDE} ${DEEPID_RANDOM123_INCLUDE} ${DEEPID_JANSSON_INCLUDE} ${DEEPID_XXHASH_INCLUDE} ${DEEPID_LBFGS_INCLUDE} ${ZLIB_INCLUDE_DIRS})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE DPID_PRECISION=${precision} DPID_ISA=${isa} DEEPID_VERSION_TEXT="${PROJECT_VERSION}" DEEPID_FLAGS_TEXT="${CMAKE_BUILD_TYPE}"
    DEEPID_BLAS_TEXT="${DEEPID_BLAS}" $<$<STREQUAL:${DEEPID_BLAS},static>:DEEPID_BLAS_WRAP> $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  target_compile_options(${name} PRIVATE ${DEEPID_WARNINGS} -ffp-contract=off -fno-math-errno -fno-trapping-math -fexceptions -fstack-protector-strong)
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()
deepid_objects(deepid_objects_once 64 0 ${deepid_once})
deepid_objects(deepid_objects_f32 32 0 ${deepid_real} ${deepid_gemm})
deepid_objects(deepid_objects_f64 64 0 ${deepid_real} ${deepid_gemm})
deepid_objects(deepid_objects_f80 80 0 ${deepid_real} ${deepid_gemm})
set(deepid_object_sets deepid_objects_once deepid_objects_f32 deepid_objects_f64 deepid_objects_f80)
if(DEEPID_ISAS AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_definitions(DPID_X86_ISAS)
  # called where the CPU has it alone: dpid_isa_has_bf16
  set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/tensor/bf16_product.c PROPERTIES COMPILE_OPTIONS "-mavx512f;-mavx512bw;-mavx512vl;-mavx512bf16")
  set(deepid_flags_1 -mavx2 -mfma)
  set(deepid_flags_2 ${deepid_flags_1} -mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512)
  foreach(precision 32 64)
    foreach(isa 1 2)
      deepid_objects(deepid_objects_f${precision}_${isa} ${precision} ${isa} ${deepid_real})
      target_compile_options(deepid_objects_f${precision}_${isa} PRIVATE ${deepid_flags_${isa}})
      list(APPEND deepid_object_sets deepid_objects_f${precision}_${isa})
    endforeach()
  endforeach()
endif()
foreach(set ${deepid_object_sets})
  list(APPEND deepid_object_files $<TARGET_OBJECTS:${set}>)
endforeach()

# jansson's hooks are the process's, and a host may use it too: ours becomes one object with json.c that shows the names of json.h alone, in the shared library and in the archive
# ... of stdin it reads an empty place: nobody calls json_loadf, and the archive's code could not reach the C library's from a shared library
deepid_objects(deepid_objects_json 64 0 ${deepid_json})
set(deepid_json_object ${CMAKE_CURRENT_BINARY_DIR}/deepid_json.o)
add_custom_command(OUTPUT ${deepid_json_object}
  COMMAND ${CMAKE_LINKER} -r --defsym=stdin=dpid_json_stdin -o ${deepid_json_object} $<TARGET_OBJECTS:deepid_objects_json> ${DEEPID_JANSSON_ARCHIVE}
  COMMAND ${CMAKE_OBJCOPY} --wildcard "--keep-global-symbol=dpid_json_*" ${deepid_json_object}
  DEPENDS deepid_objects_json $<TARGET_OBJECTS:deepid_objects_json> ${DEEPID_JANSSON_ARCHIVE} COMMAND_EXPAND_LISTS VERBATIM COMMENT "Joining json.c and jansson")
add_custom_target(deepid_json DEPENDS ${deepid_json_object})
list(APPEND deepid_object_files ${deepid_json_object})

# protobuf-c and the messages that protoc-c makes have names that a host may have too: they become one object with lib/onnx, which shows its own names alone
if(DEEPID_ONNX)
  get_filename_component(deepid_schema_folder ${DEEPID_ONNX_SCHEMA} DIRECTORY)
  set(deepid_messages ${CMAKE_CURRENT_BINARY_DIR}/onnx)
  file(MAKE_DIRECTORY ${deepid_messages})
  add_custom_command(OUTPUT ${deepid_messages}/onnx.pb-c.c ${deepid_messages}/onnx.pb-c.h
    COMMAND ${DEEPID_PROTOC_C} --proto_path=${deepid_schema_folder} --c_out=${deepid_messages} ${DEEPID_ONNX_SCHEMA}
    DEPENDS ${DEEPID_ONNX_SCHEMA} VERBATIM COMMENT "Making the messages of ONNX")
  add_library(deepid_messages OBJECT ${deepid_messages}/onnx.pb-c.c)
  target_include_directories(deepid_messages SYSTEM PRIVATE ${deepid_messages} ${DEEPID_PROTOBUF_C_INCLUDE})
  set_target_properties(deepid_messages PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  deepid_objects(deepid_objects_onnx 64 0 ${deepid_onnx})
  target_include_directories(deepid_objects_onnx SYSTEM PRIVATE ${deepid_messages} ${DEEPID_PROTOBUF_C_INCLUDE})
  add_dependencies(deepid_objects_onnx deepid_messages)
  set(deepid_onnx_object ${CMAKE_CURRENT_BINARY_DIR}/deepid_onnx.o)
  add_custom_command(OUTPUT ${deepid_onnx_object}
    COMMAND ${CMAKE_LINKER} -r -o ${deepid_onnx_object} $<TARGET_OBJECTS:deepid_objects_onnx> $<TARGET_OBJECTS:deepid_messages> ${DEEPID_PROTOBUF_C_ARCHIVE}
    COMMAND ${CMAKE_OBJCOPY} --wildcard "--keep-global-symbol=deepid_net_*" ${deepid_onnx_object}
    DEPENDS deepid_objects_onnx $<TARGET_OBJECTS:deepid_objects_onnx> deepid_messages $<TARGET_OBJECTS:deepid_messages> ${DEEPID_PROTOBUF_C_ARCHIVE}
    COMMAND_EXPAND_LISTS VERBATIM COMMENT "Joining lib/onnx and protobuf-c")
  add_custom_target(deepid_onnx DEPENDS ${deepid_onnx_object})
  list(APPEND deepid_object_files ${deepid_onnx_object})
endif()

# why: lib/base/blas_memory.c
if(DEEPID_BLAS STREQUAL "static")
  set(deepid_wrap LINKER:--wrap=blas_memory_alloc LINKER:--wrap=blas_memory_free)
endif()
set(deepid_links ${DEEPID_LBFGS_LIBRARY} ${DEEPID_BLAS_LIBRARY} ZLIB::ZLIB Threads::Threads m)
if(DEEPID_LIBZIP)
  list(APPEND deepid_links ${DEEPID_LIBZIP_LIBRARY})
  set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/data/npz.c PROPERTIES COMPILE_DEFINITIONS DEEPID_LIBZIP)
endif()
if(DEEPID_PICTURES)
  list(APPEND deepid_links ${DEEPID_SPNG_LIBRARY} ${DEEPID_JPEG_LIBRARY})
  set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/data/picture.c PROPERTIES COMPILE_DEFINITIONS DEEPID_PICTURES)
endif()
function(deepid_library target type)
  add_library(${target} ${type} ${deepid_object_files})
  add_library(deepid::${target} ALIAS ${target})
  add_dependencies(${target} deepid_json)
  if(DEEPID_ONNX)
    add_dependencies(${target} deepid_onnx)
  endif()
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME deepid LINKER_LANGUAGE C VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

# BUILD_SHARED_LIBS unset: both libraries, deepid and deepid_static. ON: the shared one; programs that look inside still build an archive for
# themselves. OFF: the static one, which deepid is another name for.
set(deepid_have_shared ON)
set(deepid_have_static ON)
if(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS STREQUAL "")
  set(deepid_have_shared ${BUILD_SHARED_LIBS})
  if(deepid_have_shared)
    set(deepid_have_static OFF)
  endif()
endif()
if(deepid_have_shared)
  set(deepid_map ${PROJECT_SOURCE_DIR}/lib/deepid.map)
  deepid_library(deepid SHARED)
  target_link_libraries(deepid PRIVATE ${deepid_links})
  target_link_options(deepid PRIVATE LINKER:--version-script=${deepid_map} LINKER:--exclude-libs,ALL LINKER:-z,relro,-z,now,-z,nodelete ${deepid_wrap})
  set_target_properties(deepid PROPERTIES LINK_DEPENDS ${deepid_map})
  if(NOT DEEPID_SANITIZE)
    target_link_options(deepid PRIVATE LINKER:--no-undefined)
  endif()
endif()

deepid_library(deepid_static STATIC)
if(NOT deepid_have_static)
  set_target_properties(deepid_static PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
target_link_libraries(deepid_static PRIVATE $<BUILD_INTERFACE:${deepid_links}>)
target_link_options(deepid_static INTERFACE ${deepid_wrap} $<$<STREQUAL:${DEEPID_BLAS},static>:LINKER:-u,__wrap_blas_memory_alloc>)
target_compile_definitions(deepid_static INTERFACE DEEPID_STATIC)
if(NOT deepid_have_shared)
  add_library(deepid ALIAS deepid_static)
  add_library(deepid::deepid ALIAS deepid_static)
endif()

# one flat header for languages that read C declarations
file(GLOB deepid_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/deepid/*.h)
set(deepid_ffi_header ${PROJECT_BINARY_DIR}/deepid.ffi.h)
add_custom_command(OUTPUT ${deepid_ffi_header}
  COMMAND sh ${PROJECT_SOURCE_DIR}/lib/packaging/ffi_header.sh ${CMAKE_C_COMPILER} ${PROJECT_SOURCE_DIR}/include ${deepid_ffi_header}
  DEPENDS ${deepid_headers} ${PROJECT_SOURCE_DIR}/lib/packaging/ffi_header.sh VERBATIM COMMENT "Making deepid.ffi.h")
add_custom_target(deepid_ffi ALL DEPENDS ${deepid_ffi_header})
