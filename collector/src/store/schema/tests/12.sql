INSERT INTO setting (kind, name, content, said_at, said_by, why)
    VALUES ('deny', '', '{"nets":["10.20.0.9"]}', 1775003500000000, '院内 花子', '検査装置');
