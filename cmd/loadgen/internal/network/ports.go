package network

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are drawn from here. Linux gives outgoing connections ports from 32768 on, other systems from 49152 on.
const (
	firstPort = 20000
	endPort   = 32000
)

// freePorts returns addresses of loopback with ports that nobody listens at, each once.
func freePorts(n int) ([]string, error) {
	var addresses []string
	taken := map[int]bool{}
	for len(taken) < (endPort-firstPort)/2 {
		if len(addresses) == n {
			return addresses, nil
		}
		port := firstPort + rand.IntN(endPort-firstPort)
		if taken[port] {
			continue
		}
		taken[port] = true
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		l.Close()
		addresses = append(addresses, address)
	}
	return nil, fmt.Errorf("network: %w", errors.New("no free ports on 127.0.0.1 from "+strconv.Itoa(firstPort)+
		" to "+strconv.Itoa(endPort-1)))
}
