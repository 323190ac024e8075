INSERT INTO saved_view (account, name, query, shared, said_at) VALUES (1, '3F', 'q=3F', 1, 1775003400000000);
