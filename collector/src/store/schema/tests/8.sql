INSERT INTO stocktaking_check (round, entry, label, outcome, note, said_at, said_by) VALUES
    ('2026', 'A-1', '受付端末', 'found', '', 1775003400000000, '鈴木');
INSERT INTO subject (issuer, subject, called, seen_at) VALUES ('https://login.hospital.example', '1', '佐藤', 1775003400000000);
INSERT INTO site (name, key, said_at, said_by) VALUES ('分院', zeroblob(32), 1775003400000000, '佐藤');
INSERT INTO site_snapshot (site, taken_at, taken_by, why, digest, content, key, signature, summary, imported_at, imported_by)
    VALUES ('分院', 1775003400000000, '佐藤', '', zeroblob(32), '{}', zeroblob(32), zeroblob(64), '{}', 1775003400000000, '佐藤');
