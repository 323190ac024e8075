INSERT INTO agent (name, first_seen) VALUES ('east', 1775003400000000);
INSERT INTO pin (agent, key, pinned_at, pinned_by) VALUES ('east', zeroblob(32), 1775003400000000, '');
INSERT INTO batch (digest, agent, pin, scan, sequence, last, began, closed, software, received_at)
    VALUES (zeroblob(32), 'east', 1, 'east-1', 1, 1, 1775003400000000, 1775003460000000, 'daicho-agent 0.1.0', 1775003461000000);
INSERT INTO fact (hash, content) VALUES
    (x'00000000000000000000000000000001', '{"vantage":{"agent":"east","interface":"eth0","network":"病棟3F"},"method":"icmp_echo","speaker":{"ip":"10.20.0.7"},"fact":{"answered":"echo"}}'),
    (x'00000000000000000000000000000002', '{"vantage":{"agent":"east","interface":"eth0","network":"病棟3F"},"method":"arp","speaker":{"ip":"10.20.0.7","mac":"00:1a:2b:00:00:07"},"fact":{"arp":{"ip":"10.20.0.7","mac":"00:1a:2b:00:00:07"}}}');
INSERT INTO sighting (observation, fact, at, batch) VALUES
    (x'00000000000000000000000000000011', 1, 1775003400000001, 1), (x'00000000000000000000000000000012', 2, 1775003400000002, 1);
INSERT INTO coverage (hash, batch, content) VALUES (x'00000000000000000000000000000003', 1,
    '{"vantage":{"agent":"east","interface":"eth0","network":"病棟3F"},"method":"arp","cidr":"10.20.0.0/24","from":1775003400000000,"to":1775003460000000,"tries":2,"asked":["10.20.0.1-10.20.0.254"],"answered":["10.20.0.7"],"not_asked":[]}');
INSERT INTO sent (hash, batch, content) VALUES (x'00000000000000000000000000000004', 1,
    '{"network":"病棟3F","target":"10.20.0.7","kind":"arp_request","packets":2,"octets":84,"first":1775003400000000,"last":1775003400000001}');
INSERT INTO book (name, digest, octets, ledger, imported_at, imported_by) VALUES
    ('台帳.csv', zeroblob(32), x'61', '{"sheets":[],"entries":[],"defects":[]}', 1775003400000000, '田中');
