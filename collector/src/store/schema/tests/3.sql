INSERT INTO decision (said_at, said_by, why, content) VALUES (1775003400000000, '佐藤', '私物の血圧計',
    '{"byod":{"device":{"mac":"00:1a:2b:00:00:07"},"permitted":true}}');
