"""Tests of CocoAI on a database that several machines share: real nginx, supervisor, pools and MariaDB."""
