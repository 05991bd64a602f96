# Where things go; the units in systemd/ name these places.
include(GNUInstallDirs)
set(ROLEBRIDGE_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd's units go")

install(TARGETS rolebridge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS rolebridge-web rolebridge-issuer rolebridge-pam
  RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(DIRECTORY bridge/web/pages bridge/web/static etc/ldap
  DESTINATION ${CMAKE_INSTALL_DATADIR}/rolebridge)
install(FILES etc/rolebridge.schema.json etc/grafana-board.json DESTINATION ${CMAKE_INSTALL_DATADIR}/rolebridge)
install(FILES completion/rolebridge
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# README.md links to the pages in docs/, so they keep their places to each other.
install(FILES README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN decisions EXCLUDE PATTERN man EXCLUDE)
install(FILES etc/rolebridge.yaml etc/rolebridge-pam.conf
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

file(GLOB units systemd/*.socket systemd/*.service systemd/*.target)
install(FILES ${units} DESTINATION ${ROLEBRIDGE_UNIT_DIR})
install(FILES systemd/rolebridge.sysusers DESTINATION lib/sysusers.d RENAME rolebridge.conf)
install(FILES systemd/rolebridge.tmpfiles DESTINATION lib/tmpfiles.d RENAME rolebridge.conf)

# Man pages, where there is scdoc; the one of the configuration is made of its schema.
find_program(SCDOC scdoc)
if(SCDOC)
  set(man ${CMAKE_BINARY_DIR}/man)
  set(made)
  function(rolebridge_man page section source)
    add_custom_command(OUTPUT ${man}/${page}.${section}
      COMMAND sh -c "${SCDOC} <'${source}' >'${man}/${page}.${section}'" DEPENDS ${source} VERBATIM)
    set(made ${made} ${man}/${page}.${section} PARENT_SCOPE)
    install(FILES ${man}/${page}.${section} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endfunction()
  file(MAKE_DIRECTORY ${man})
  set(pages ${PROJECT_SOURCE_DIR}/docs/man)
  add_custom_command(OUTPUT ${man}/rolebridge.yaml.5.scd
    COMMAND /usr/bin/python3 -B ${pages}/from_schema.py
            ${PROJECT_SOURCE_DIR}/etc/rolebridge.schema.json ${man}/rolebridge.yaml.5.scd
    DEPENDS ${pages}/from_schema.py ${PROJECT_SOURCE_DIR}/etc/rolebridge.schema.json VERBATIM)
  rolebridge_man(rolebridge 1 ${pages}/rolebridge.1.scd)
  rolebridge_man(rolebridge-web 8 ${pages}/rolebridge-web.8.scd)
  rolebridge_man(rolebridge-issuer 8 ${pages}/rolebridge-issuer.8.scd)
  rolebridge_man(rolebridge-pam 8 ${pages}/rolebridge-pam.8.scd)
  rolebridge_man(rolebridge-pam.conf 5 ${pages}/rolebridge-pam.conf.5.scd)
  rolebridge_man(rolebridge.yaml 5 ${man}/rolebridge.yaml.5.scd)
  add_custom_target(man ALL DEPENDS ${made})
endif()
