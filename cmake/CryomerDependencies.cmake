# Every dependency but libtorch, and gemmi since its 0.6, is header-only, so that a machine with a compiler, CMake and a
# PyTorch wheel can build Cryomer: point CRYOMER_DEPS_DIR at a folder of headers and CMAKE_PREFIX_PATH at
# torch.utils.cmake_prefix_path.

find_package(Torch REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Threads REQUIRED)
find_package(ZLIB QUIET)

add_library(cryomer_headers INTERFACE)
if(CRYOMER_DEPS_DIR)
  target_include_directories(cryomer_headers SYSTEM INTERFACE ${CRYOMER_DEPS_DIR})
endif()

foreach(header gemmi/model.hpp tao/pegtl.hpp CLI/CLI.hpp fmt/core.h spdlog/spdlog.h nlohmann/json.hpp)
  string(MAKE_C_IDENTIFIER "CRYOMER_FOLDER_OF_${header}" folder)
  find_path(${folder} ${header} HINTS ${CRYOMER_DEPS_DIR})
  mark_as_advanced(${folder})
  if(NOT ${folder})
    message(FATAL_ERROR "Header <${header}> not found. Install gemmi-dev tao-pegtl-dev libcli11-dev libfmt-dev "
                        "libspdlog-dev nlohmann-json3-dev, or give the folder that holds it as CRYOMER_DEPS_DIR.")
  endif()
endforeach()

# Since 0.6, gemmi keeps its table of residues and its readers in a library.
find_library(CRYOMER_GEMMI gemmi_cpp HINTS ${CRYOMER_DEPS_DIR})
mark_as_advanced(CRYOMER_GEMMI)
if(CRYOMER_GEMMI)
  target_link_libraries(cryomer_headers INTERFACE ${CRYOMER_GEMMI})
endif()

# libtorch as a system dependency: its headers do not pass our warnings.
add_library(cryomer_torch INTERFACE)
target_include_directories(cryomer_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(cryomer_torch INTERFACE ${TORCH_LIBRARIES} OpenMP::OpenMP_CXX)
separate_arguments(CRYOMER_TORCH_FLAGS UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(cryomer_torch INTERFACE ${CRYOMER_TORCH_FLAGS})
