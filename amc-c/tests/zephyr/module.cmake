# Reads the module's CMake file as Zephyr does, with the options given: cmake -DPACKAGE=… -DCONFIG_…=y -P module.cmake
function(zephyr_library_import name path)
  file(RELATIVE_PATH path "${PACKAGE}" "${path}")
  message(STATUS "links ${path}")
endfunction()

function(zephyr_include_directories path)
  if(NOT EXISTS "${path}/amc.h")
    message(FATAL_ERROR "no amc.h in ${path}")
  endif()
endfunction()

include("${PACKAGE}/zephyr/CMakeLists.txt")
