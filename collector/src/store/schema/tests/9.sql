INSERT INTO notice (channel, made_at, events, content, state, next_at) VALUES ('mail', 1775003400000000, 1, '{}', 'sent', 1775003400000000);
INSERT INTO notice_told (channel, event, kind, told_at) VALUES ('mail', 'finding:1', 'finding', 1775003400000000);
INSERT INTO copied (at) VALUES (1775003400000000);
INSERT INTO secret (name, key_id, nonce, sealed, set_at, set_by) VALUES ('smtp', zeroblob(8), zeroblob(12), zeroblob(24), 1775003400000000, '佐藤');
