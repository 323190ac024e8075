# BRIDGE-MIB (RFC 4188) of the kernel's bridge br1. Without arguments it reads the bridge and keeps what it
# says beside itself; as a program of `pass` it tells snmpd of that, so that an answer takes no time.
KEPT=${0%.sh}.kept

# A key by which identifiers sort as SNMP walks.
KEY='function key(oid,   numbers, count, at, text) {
    sub(/^\./, "", oid)
    count = split(oid, numbers, ".")
    for (at = 1; at <= count; at++) text = text sprintf("%010d.", numbers[at])
    return text
}'

# Every object there is: key, identifier, type and value.
objects() {
    { ip -o -d link show br1; ip -o -d link show master br1; bridge fdb show br br1; } |
        awk "$KEY"'
        function hex(text,   at, sum) {
            for (at = 1; at <= length(text); at++)
                sum = sum * 16 + index("0123456789abcdef", substr(text, at, 1)) - 1
            return sum
        }
        function tell(below, type, value) {
            below = "1.3.6.1.2.1.17." below
            print key(below), "." below, type, value
        }
        function after(word,   at) {
            for (at = 1; at < NF; at++) if ($at == word) return $(at + 1)
        }
        / br1: / {
            address = after("link/ether")
            gsub(":", " ", address)
            tell("1.1.0", "octet", address)
            tell("1.3.0", "integer", 2)
        }
        / master br1 .* port_no / {
            split($2, name, /[@:]/)
            port[name[1]] = hex(substr(after("port_no"), 3))
            tell("1.4.1.2." port[name[1]], "integer", $1 + 0)
        }
        $2 == "dev" && ($3 in port) && / master br1/ && !/ vlan / {
            count = split($1, octet, ":")
            mac = ""
            for (at = 1; at <= count; at++) mac = mac "." hex(octet[at])
            tell("4.3.1.2" mac, "integer", port[$3])
            tell("4.3.1.3" mac, "integer", / permanent/ ? 4 : 3)
        }' | LC_ALL=C sort
}

# The object with this identifier, or the one after it.
find_one() {
    awk -v way="$1" -v oid="$2" "$KEY"'
        BEGIN { wanted = key(oid) }
        (way == "get" && $1 == wanted) || (way == "getnext" && $1 > wanted) {
            print $2
            print $3
            sub(/^[^ ]+ [^ ]+ [^ ]+ /, "")
            print
            exit
        }' "$KEPT"
}

case ${1:-} in
-g) find_one get "$2" ;;
-n) find_one getnext "$2" ;;
*) objects >"$KEPT" ;;
esac
