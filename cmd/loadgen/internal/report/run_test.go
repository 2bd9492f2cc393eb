package report

import (
	"bytes"
	"reflect"
	"testing"
)

func TestJSONRoundTrip(t *testing.T) {
	for name, r := range map[string]*Run{"sample": sample(t), "empty": {Format: Format}} {
		var out bytes.Buffer
		if err := r.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		back, err := ReadJSON(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(r, back) {
			t.Errorf("%s came back as another", name)
		}
	}
}
