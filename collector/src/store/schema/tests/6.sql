INSERT INTO account (name, called, role, made_at) VALUES ('sato', '佐藤', 'administrator', 1775003400000000);
INSERT INTO session (kept, account, address, by_link, began, seen) VALUES (zeroblob(32), 1, '10.20.0.9', 0, 1775003400000000, 1775003400000000);
INSERT INTO login_link (kept, account, until) VALUES (zeroblob(32), 1, 1775003400000000);
INSERT INTO login_try (about, wrong, latest) VALUES ('sato', 1, 1775003400000000);
INSERT INTO audit (number, at, who, address, deed, about, digest) VALUES (1, 1775003400000000, '佐藤', '', 'exported', '', zeroblob(32));
INSERT INTO token (kept, account, scopes, label, issued, until) VALUES (zeroblob(32), 1, 'read', 'NetBox', 1775003400000000, 1775003400000000);
