DROP TABLE sighting;
DROP TABLE fact_before;
INSERT INTO fact (id, key, content) VALUES
    (1, x'a19100000a140007b972b71a57f4481209ed5834bfef0720', '{"vantage":{"agent":"east","interface":"eth0","network":"病棟3F"},"method":"icmp_echo","speaker":{"ip":"10.20.0.7"},"fact":{"answered":"echo"}}'),
    (2, x'a19100000a14000753055af25f9ae5c85bb776c2b459fe0c', '{"vantage":{"agent":"east","interface":"eth0","network":"病棟3F"},"method":"arp","speaker":{"ip":"10.20.0.7","mac":"00:1a:2b:00:00:07"},"fact":{"arp":{"ip":"10.20.0.7","mac":"00:1a:2b:00:00:07"}}}');
INSERT INTO seen (batch, since, until, observations, octets) VALUES
    (1, 1775003400000001, 1775003400000002, 2, x'01000102');
