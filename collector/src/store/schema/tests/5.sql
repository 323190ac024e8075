INSERT INTO aside (digest, agent, stream, number, file, why, received_at) VALUES
    (zeroblob(32), 'east', 1, 1, 'aside-1.daicho', 'panicked', 1775003400000000);
INSERT INTO invitation (agent, code, until, said_at, said_by, spent_at) VALUES
    ('east', zeroblob(32), 1775003400000000, 1775003400000000, '田中', NULL);
INSERT INTO certificate (agent, digest, issued_at, until) VALUES ('east', zeroblob(32), 1775003400000000, 1775003400000000);
INSERT INTO schedule (name, content, said_at, said_by) VALUES ('夜間', '{"name":"夜間","agent":"east","pattern":"0 2 * * *","zone":"Asia/Tokyo"}', 1775003400000000, '田中');
INSERT INTO job (agent, schedule, due, start_by, content, said_at, said_by, state) VALUES
    ('east', 1, 1775003400000000, 1775003400000000, '{"id":0,"networks":["病棟3F"]}', 1775003400000000, '田中', 'missed');
