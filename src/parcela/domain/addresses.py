"""Which internet addresses are public: the guard of everything that this server calls.

`spec/network.md` §9; the special registries of IANA for IPv4 and IPv6.
"""

import ipaddress

# Named one by one, for what the standard library calls global differs between its versions.
_IPV4_SPECIAL = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# All that has been given out for the public lies here. Outside lie loopback, link-local, unique local and
# multicast addresses, and those that carry an IPv4 address (mapped, compatible, translated, NAT64).
_IPV6_PUBLIC = ipaddress.IPv6Network("2000::/3")
_IPV6_SPECIAL = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        # Protocol assignments, among them Teredo, which carries an IPv4 address.
        "2001::/23",
        "2001:db8::/32",
        # 6to4 carries an IPv4 address.
        "2002::/16",
        "3fff::/20",
    )
)


def is_public_address(text: str) -> bool:
    """Is this an address on the public internet, and not a way around to one that is not?

    An IPv4-mapped address is judged by the IPv4 address in it; any other address that hides an IPv4 one
    is refused, and so is one with a zone. Text that is no address is not a public one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is None:
            is_given_out = address in _IPV6_PUBLIC and address.is_global
            return is_given_out and not any(address in network for network in _IPV6_SPECIAL)
        address = address.ipv4_mapped
    return address.is_global and not any(address in network for network in _IPV4_SPECIAL)
