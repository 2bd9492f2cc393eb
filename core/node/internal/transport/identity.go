package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"time"
)

// protocol is what TLS has to agree on: a node of another version is refused in the handshake.
const protocol = "parsec/1"

// identity is a node's key as TLS wants it.
type identity struct {
	id   ID
	cert tls.Certificate
}

// newIdentity makes a certificate, the same for a seed at any time. Its dates and names say nothing: nobody reads
// more of it than the key, and TLS proves that the peer has that.
func newIdentity(seed [32]byte) (*identity, error) {
	key := ed25519.NewKeyFromSeed(seed[:])
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280: no date of expiry
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &identity{
		id:   ID(key.Public().(ed25519.PublicKey)),
		cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}, nil
}

// config is what both sides of TLS have in common. Nobody's chain is verified, only the key: by verify, which TLS calls
// before it checks the proof that the peer has the key, so that the proofs of strangers and of other kinds of keys
// cost nothing. The handshake ends well only after both, and nothing is read or sent before that.
//
// X25519 alone: it costs a stranger's victim half of what the hybrid with ML-KEM does, and what is sent is no
// secret for long: all of it ends up in blocks. No tickets: each handshake proves both keys.
func (i *identity) config(verify func(id ID) error) *tls.Config {
	check := func(cs tls.ConnectionState) (ID, error) {
		if cs.Version != tls.VersionTLS13 || cs.NegotiatedProtocol != protocol || cs.DidResume {
			return ID{}, &refusal{ReasonHandshake, errors.New("not the protocol " + protocol + " over TLS 1.3")}
		}
		return keyOf(cs.PeerCertificates)
	}
	return &tls.Config{
		Certificates:                []tls.Certificate{i.cert},
		MinVersion:                  tls.VersionTLS13,
		MaxVersion:                  tls.VersionTLS13,
		NextProtos:                  []string{protocol},
		CurvePreferences:            []tls.CurveID{tls.X25519},
		ClientAuth:                  tls.RequireAnyClientCert,
		InsecureSkipVerify:          true, // see above
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // large records from the start: fewer writes
		VerifyConnection: func(cs tls.ConnectionState) error {
			id, err := check(cs)
			if err == nil && id == i.id {
				err = &refusal{ReasonWrongKey, errors.New("the peer has our own key")}
			}
			if err == nil {
				err = verify(id)
			}
			return err
		},
	}
}

var errCertificate = errors.New("not one certificate with an Ed25519 key")

// keyOf returns the identity that a certificate is of.
func keyOf(certs []*x509.Certificate) (ID, error) {
	if len(certs) != 1 {
		return ID{}, &refusal{ReasonHandshake, errCertificate}
	}
	key, ok := certs[0].PublicKey.(ed25519.PublicKey)
	if !ok || len(key) != len(ID{}) {
		return ID{}, &refusal{ReasonHandshake, errCertificate}
	}
	return ID(key), nil
}

// server returns the configuration of a listener: whoever is allowed.
func (i *identity) server(allowed func(ID) bool) *tls.Config {
	return i.config(func(id ID) error {
		if !allowed(id) {
			return &refusal{ReasonStranger, errors.New("not a peer: " + short(id))}
		}
		return nil
	})
}

// client returns the configuration for dialling one peer.
func (i *identity) client(peer ID) *tls.Config {
	return i.config(func(id ID) error {
		if id != peer {
			return &refusal{ReasonWrongKey, errors.New("another peer answers: " + short(id))}
		}
		return nil
	})
}
