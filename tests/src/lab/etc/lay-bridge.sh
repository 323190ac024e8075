# Lays the wiring of sw-3f-01 in namespaces that end with the host: two computers on ports of their own,
# a hub with three behind p3, a telephone with a computer behind p4.
#
#   br1 ─ p1 ─ desk s1        br1 ─ p3 ─ hub hub0 ─┬ ward w1      br1 ─ p4 ─ phone ph0 ─ booth b1
#       └ p2 ─ desk s2                             ├ ward w2
#                                                  └ ward w3
mkdir -p /run/netns
for name in desk ward hub phone booth; do
    ip netns add $name
    # Nobody says anything until he is told to.
    ip netns exec $name sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
done
ip link add br1 address 00:00:cd:77:01:03 type bridge stp_state 0 ageing_time 360000
ip link set br1 up

# Lays a cable from a port of the bridge to an end elsewhere: port, namespace, its interface, its address.
port() {
    ip link add "$1" type veth peer name "$3" address "$4" netns "$2"
    ip link set "$1" master br1 up
    ip -n "$2" link set "$3" up
}
# The same from a bridge elsewhere: its namespace, its port, then as above.
elsewhere() {
    ip -n "$1" link add "$2" address 02:00:00:79:00:ff type veth peer name "$4" address "$5" netns "$3"
    ip -n "$1" link set "$2" up
    ip -n "$3" link set "$4" up
}
port p1 desk s1 00:0b:5d:79:00:01
port p2 desk s2 00:0b:5d:79:00:12
port p3 hub u0 02:00:00:79:00:fe
port p4 phone net0 00:0f:d3:79:00:41
elsewhere hub h1 ward w1 00:0b:5d:79:00:23
elsewhere hub h2 ward w2 00:0b:5d:79:00:34
elsewhere hub h3 ward w3 00:0b:5d:79:00:45
elsewhere phone pc0 booth b1 00:0b:5d:79:00:56
ip -n hub link add hub0 address 02:00:00:79:00:fe type bridge stp_state 0 mcast_snooping 0
for end in u0 h1 h2 h3; do ip -n hub link set $end master hub0; done
ip -n hub link set hub0 up
ip -n phone link add ph0 address 00:0f:d3:79:00:41 type bridge stp_state 0
for end in net0 pc0; do ip -n phone link set $end master ph0; done
ip -n phone link set ph0 up

# With an address of IPv6 an interface asks whether anybody has it too, which is heard everywhere.
speak() { ip netns exec "$1" sh -c "echo 0 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"; }
known() { bridge fdb show br br1 | grep -c '^00:0[bf].* dev p'; }
until [ "$(known)" = 7 ]; do
    for end in 'desk s1' 'desk s2' 'ward w1' 'ward w2' 'ward w3' 'booth b1' 'phone ph0'; do
        ip netns exec "${end% *}" sh -c "echo 1 >/proc/sys/net/ipv6/conf/${end#* }/disable_ipv6"
        speak $end
    done
    sleep 1
done
