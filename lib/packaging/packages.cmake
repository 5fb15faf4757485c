# Packages: Debian's where the prefix is /usr, and the sources.
#   cmake -S . -B build/deb -DCMAKE_INSTALL_PREFIX=/usr -DDEEPID_BUILD_TESTS=OFF && cmake --build build/deb && (cd build/deb && cpack)
#   cpack -G TGZ --config build/CPackSourceConfig.cmake
set(DEEPID_MAINTAINER "The deepid developers <deepid@example.org>" CACHE STRING "Who makes packages, as Debian writes it")
set(CPACK_PACKAGE_CONTACT "${DEEPID_MAINTAINER}")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME deepid-${PROJECT_VERSION})
string(REGEX REPLACE "([][+.*()^$?|])" "\\\\\\1" deepid_source "${PROJECT_SOURCE_DIR}")
set(CPACK_SOURCE_IGNORE_FILES "/\\.git/" "/\\.git$" "^${deepid_source}/build" "/__pycache__/" "~$" "\\.swp$")
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CPACK_GENERATOR TGZ)
  include(CPack)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}) # the programs need the library of the package beside
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(deepid_release ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(deepid_runtime libdeepid${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}) # it has the name of its soname
set(deepid_about "deepid trains a shallow net and a deep one over many seeds, the deep one
again in ways that each change one thing, builds the deep net that contains
the trained shallow one, and returns a verdict with intervals.
")
set(deepid_changelog ${PROJECT_BINARY_DIR}/debian/changelog.Debian)
string(TIMESTAMP deepid_date "%a, %d %b %Y %H:%M:%S +0000" UTC) # that of SOURCE_DATE_EPOCH where it is set
file(CONFIGURE OUTPUT ${deepid_changelog} CONTENT "deepid (${deepid_release}) unstable; urgency=medium\n\n  * Release ${PROJECT_VERSION}; changelog.gz of ${deepid_runtime} says what is in it.\n\n -- ${DEEPID_MAINTAINER}  ${deepid_date}\n" @ONLY)

# package COMPONENT NAME SECTION SUMMARY TEXT DEPENDS: what Debian wants to know, and what lintian is to pass over
function(deepid_package component name section summary text depends)
  string(TOUPPER ${component} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_DESCRIPTION "${summary}\n${deepid_about}${text}" PARENT_SCOPE)
  set(folder share/doc/${name})
  install(FILES ${PROJECT_SOURCE_DIR}/lib/packaging/copyright DESTINATION ${folder} COMPONENT ${component})
  deepid_compressed(${deepid_changelog} changelog.Debian ${folder} ${component})
  deepid_compressed(${PROJECT_SOURCE_DIR}/docs/CHANGELOG.md changelog ${folder} ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/lib/packaging/lintian/${component} DESTINATION share/lintian/overrides RENAME ${name} COMPONENT ${component})
endfunction()

list(TRANSFORM deepid_needs REPLACE "^[^=]*=" "" OUTPUT_VARIABLE deepid_dev_depends)
list(PREPEND deepid_dev_depends "${deepid_runtime} (= ${deepid_release})")
list(JOIN deepid_dev_depends ", " deepid_dev_depends)
deepid_package(runtime ${deepid_runtime} libs "why do added layers hurt a net (library)" "
This package has the shared library." "")
deepid_package(dev deepid-dev libdevel "why do added layers hurt a net (headers)" "
This package has the headers, the static library, and what CMake and
pkg-config ask for." "${deepid_dev_depends}")
file(WRITE ${PROJECT_BINARY_DIR}/compressed/triggers "activate-noawait ldconfig\n") # CMake 3.25 writes scripts alone
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/compressed/triggers)
install(CODE "execute_process(COMMAND ${CMAKE_STRIP} --strip-debug --remove-section=.comment \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/libdeepid.a\")" COMPONENT dev)
set(CPACK_COMPONENTS_ALL runtime dev)
if(DEEPID_BUILD_EXAMPLES)
  list(APPEND CPACK_COMPONENTS_ALL tools)
  deepid_package(tools deepid-tools science "why do added layers hurt a net (programs)" "
This package has the programs: deepid-study runs a study and writes a
report, deepid-compare sets two beside each other, deepid-judge judges runs
that were made elsewhere, deepid-deepen makes a trained net deeper,
deepid-inspect looks into a net, deepid-tour says which layers can be the
identity, deepid-calibration judges studies of known causes." "${deepid_runtime} (= ${deepid_release})")
endif()
if(DEEPID_BUILD_DOCS)
  list(APPEND CPACK_COMPONENTS_ALL doc)
  deepid_package(doc deepid-doc doc "why do added layers hurt a net (manual)" "
This package has the manual, for a browser." "")
  set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
endif()
include(CPack)
