-- Who may log in. Run once, when the server first answers; @service@ is the PAM service's name.
CREATE USER dba@'%' IDENTIFIED VIA pam USING '@service@' REQUIRE SSL;
GRANT ALL ON *.* TO dba@'%';
CREATE USER reader@'%' IDENTIFIED VIA pam USING '@service@' REQUIRE SSL;
GRANT SELECT ON orders.* TO reader@'%';
CREATE USER app@'%' IDENTIFIED BY 'app-password' REQUIRE SSL;
GRANT SELECT, INSERT, UPDATE, DELETE ON orders.* TO app@'%';
CREATE USER master@'%' IDENTIFIED BY 'master-password' REQUIRE SSL;
GRANT ALL ON *.* TO master@'%';
