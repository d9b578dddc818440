# The script of the report's page: web/src and the packages it needs, bundled by npm and esbuild and compiled in. Packages
# are fetched when the build is configured, so that building needs no network. Without npm, or where it cannot fetch them,
# the page shows its pictures only.

option(CRYOMER_PAGE_SCRIPT "Compile in the script that makes the report's page interactive (needs npm)" ON)

# Puts npm's packages into `folder`; anew only when package-lock.json has changed. Sets `result` to whether they are there.
function(cryomer_fetch_page_packages folder result)
  set(${result} FALSE PARENT_SCOPE)
  set(web ${CMAKE_SOURCE_DIR}/web)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/package.json ${web}/package-lock.json)
  file(SHA256 ${web}/package-lock.json wanted)
  set(stamp ${folder}/packages.sha256)
  if(EXISTS ${stamp})
    file(READ ${stamp} present)
    if(present STREQUAL wanted)
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
  endif()
  file(MAKE_DIRECTORY ${folder})
  foreach(file package.json package-lock.json .npmrc)
    configure_file(${web}/${file} ${folder}/${file} COPYONLY)
  endforeach()
  message(STATUS "Report page: fetching packages (npm ci)")
  execute_process(COMMAND ${CRYOMER_NPM} ci --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000
                  WORKING_DIRECTORY ${folder} TIMEOUT 300 RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(status EQUAL 0)  # a node that is too old, or a machine that esbuild has no program for, shows now and not in the build
    execute_process(COMMAND ${CRYOMER_NODE} node_modules/esbuild/bin/esbuild --version
                    WORKING_DIRECTORY ${folder} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
  endif()
  if(status EQUAL 0)
    file(WRITE ${stamp} ${wanted})
    set(${result} TRUE PARENT_SCOPE)
  else()
    string(STRIP "${said}" said)
    message(STATUS "Report page: npm ci or esbuild failed (${status}): ${said}")
  endif()
endfunction()

function(cryomer_page_script)
  set(without "Report page: pictures only")
  find_program(CRYOMER_NODE NAMES node nodejs)  # tests use it, too
  find_program(CRYOMER_NPM npm)
  mark_as_advanced(CRYOMER_NODE CRYOMER_NPM)
  set(fetched FALSE)
  set(folder ${CMAKE_BINARY_DIR}/web)
  if(NOT CRYOMER_PAGE_SCRIPT)
    message(STATUS "${without} (CRYOMER_PAGE_SCRIPT is off)")
  elseif(NOT CRYOMER_NODE OR NOT CRYOMER_NPM)
    message(STATUS "${without}, not interactive: npm was not found. Install nodejs and npm and configure again")
  else()
    cryomer_fetch_page_packages(${folder} fetched)
    if(fetched)
      message(STATUS "Report page: interactive")
    else()
      message(STATUS "${without}, not interactive: what npm needs for it is not there. Configure again with a network and node 18 or later")
    endif()
  endif()
  if(NOT fetched)
    target_sources(cryomer_report PRIVATE ${CMAKE_SOURCE_DIR}/cmake/page_script_absent.cpp)
    return()
  endif()
  set(web ${CMAKE_SOURCE_DIR}/web)
  file(GLOB sources CONFIGURE_DEPENDS ${web}/src/*)
  set(script ${folder}/page_script.cpp)
  add_custom_command(
    OUTPUT ${script}
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}/src
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${web}/src ${folder}/src
    COMMAND ${CMAKE_COMMAND} -E copy ${web}/build.mjs ${folder}/build.mjs
    COMMAND ${CRYOMER_NPM} run --silent build -- ${script}
    WORKING_DIRECTORY ${folder}
    DEPENDS ${sources} ${web}/build.mjs ${folder}/packages.sha256
    COMMENT "Bundling the script of the report's page"
    VERBATIM)
  target_sources(cryomer_report PRIVATE ${script})
  set_source_files_properties(${script} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
