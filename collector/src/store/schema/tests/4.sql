INSERT INTO change (book, cause, entry, step, said_at, said_by, why) VALUES
    (1, 'edit', 'A-1', '{"step":"cell","place":{"book":"台帳.csv","sheet":"","row":2},"column":1,"heading":"機器名","before":"受付端末","after":"受付端末1"}', 1775003400000000, '田中', '台帳の誤り');
INSERT INTO profile (shape, content, said_at, said_by, why) VALUES ('管理番号|IP', NULL, 1775003400000000, '田中', '');
INSERT INTO register (kind, name, content, said_at, said_by, why) VALUES
    ('party', 'acme', '{"id":"acme","name":"エース保守","roles":["maintainer"]}', 1775003400000000, '田中', '契約');
