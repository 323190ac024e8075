INSERT INTO stop (agent, said_at, said_by) VALUES ('east', 1775003400000000, '田中');
