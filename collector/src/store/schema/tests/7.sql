INSERT INTO snapshot (taken_at, taken_by, why, digest, content, key, signature) VALUES
    (1775003400000000, '佐藤', '監査', zeroblob(32), '{}', zeroblob(32), zeroblob(64));
