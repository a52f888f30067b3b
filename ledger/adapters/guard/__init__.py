"""Keep the last signed state of a log where several machines compare and replace it: a file, a database, etcd."""
