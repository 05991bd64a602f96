# Where things go; the units in systemd/ name these places.
include(GNUInstallDirs)
install(TARGETS rolebridge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS rolebridge-web rolebridge-issuer rolebridge-pam
  RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(DIRECTORY bridge/web/pages bridge/web/static etc/ldap
  DESTINATION ${CMAKE_INSTALL_DATADIR}/rolebridge)
install(FILES etc/rolebridge.yaml etc/rolebridge-pam.conf README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB units systemd/*.socket systemd/*.service)
install(FILES ${units} DESTINATION lib/systemd/system)
install(FILES systemd/rolebridge.sysusers DESTINATION lib/sysusers.d RENAME rolebridge.conf)
install(FILES systemd/rolebridge.tmpfiles DESTINATION lib/tmpfiles.d RENAME rolebridge.conf)
