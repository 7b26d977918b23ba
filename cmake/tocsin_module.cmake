# tocsin_module(NAME DIR folder [DEPS modules…] [LIBS …] [PUBLIC_LIBS …])
#
# One folder is one static library. Its headers are reachable only through a root of its own (a link to the folder below
# build/include_roots/NAME), which only modules that name it in DEPS, or inherit it, get to see: an include against the
# direction of the house does not compile.
add_library(tocsin_flags INTERFACE)
target_compile_features(tocsin_flags INTERFACE cxx_std_23)
target_compile_options(tocsin_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow=local -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers -ffp-contract=off
  $<IF:$<CXX_COMPILER_ID:GNU>,-Werror,-w>)  # clang, which builds the fuzzers, has warnings of its own
if(TOCSIN_SANITIZE)
  target_compile_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE})
endif()

# Third-party headers are not ours to warn about.
function(tocsin_link target visibility)
  foreach(lib IN LISTS ARGN)
    target_link_libraries(${target} ${visibility} ${lib})
  endforeach()
endfunction()

function(tocsin_include_root name dir)
  set(root ${CMAKE_BINARY_DIR}/include_roots/${name})
  get_filename_component(parent ${root}/${dir} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${dir} ${root}/${dir} SYMBOLIC)
endfunction()

function(tocsin_module name)
  cmake_parse_arguments(arg "" "DIR" "DEPS;LIBS;PUBLIC_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${arg_DIR}/*.cc ${CMAKE_SOURCE_DIR}/${arg_DIR}/*.h)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(tocsin_${name} STATIC ${sources})
  set_target_properties(tocsin_${name} PROPERTIES LINKER_LANGUAGE CXX)
  tocsin_include_root(${name} ${arg_DIR})
  target_include_directories(tocsin_${name} PUBLIC ${CMAKE_BINARY_DIR}/include_roots/${name})
  foreach(dep IN LISTS arg_DEPS)
    target_link_libraries(tocsin_${name} PUBLIC tocsin_${dep})
  endforeach()
  tocsin_link(tocsin_${name} PRIVATE ${arg_LIBS})
  tocsin_link(tocsin_${name} PUBLIC ${arg_PUBLIC_LIBS})
  target_link_libraries(tocsin_${name} PUBLIC $<BUILD_INTERFACE:tocsin_flags>)
endfunction()

# tocsin_program: a module whose folder holds main.cc; everything else in the folder is library NAME_cli, so that tests
# run commands without a process.
function(tocsin_program name)
  cmake_parse_arguments(arg "" "DIR" "DEPS;LIBS" ${ARGN})
  tocsin_module(cli DIR ${arg_DIR} DEPS ${arg_DEPS} LIBS ${arg_LIBS})
  add_executable(${name} ${CMAKE_SOURCE_DIR}/${arg_DIR}/main.cc)
  target_link_libraries(${name} PRIVATE tocsin_cli)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()
