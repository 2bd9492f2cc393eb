package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

const (
	// MaxRows is how many elements each list of a run has at most.
	MaxRows = 14400
	// MaxSamples is how many samples all nodes of a run have at most, in all.
	MaxSamples = 750_000
	// MaxJSON is the size of the largest report that ReadJSON takes. With the most of samples and intervals a report
	// has about 240 MB.
	MaxJSON = 256 << 20
)

// Rows is a list that is read with care: at most MaxRows elements, none of them null, and none that takes less text
// than an eighth of its memory, as elements with members left out would. So reading a report takes memory in
// proportion to its size.
type Rows[T any] []T

// MarshalJSON writes nil as an empty list.
func (r Rows[T]) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(r))
}

// UnmarshalJSON reads an empty list as nil.
func (r *Rows[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('[') {
		return fmt.Errorf("%.20s is not a list", data)
	}
	least := int(reflect.TypeFor[T]().Size() / 8)
	var all Rows[T]
	for d.More() {
		if len(all) == MaxRows {
			return fmt.Errorf("a list of more than %d elements", MaxRows)
		}
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return err
		}
		if len(text) < least || string(text) == "null" {
			return fmt.Errorf("%.40s is not whole", text)
		}
		var t T
		if err := decodeStrictly(text, &t); err != nil {
			return err
		}
		all = append(all, t)
	}
	*r = all
	return nil
}

// decodeStrictly reads one JSON value, and refuses members that it does not know.
func decodeStrictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return noEOF(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the end")
	}
	return nil
}

// ReadJSON reads what WriteJSON wrote, and returns a run that is valid in the sense of Validate. It takes at most
// MaxJSON bytes, and memory in proportion to what it takes.
func ReadJSON(in io.Reader) (*Run, error) { return readJSON(in, MaxJSON) }

func readJSON(in io.Reader, most int64) (*Run, error) {
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("a report of more than %d bytes", most)
	}
	var version struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("not a report: %w", err)
	}
	if version.Format != Format {
		return nil, fmt.Errorf("a report of format %.40q; this program reads %q", version.Format, Format)
	}
	r := new(Run)
	if err := decodeStrictly(data, r); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	return r, r.Validate()
}

// WriteJSON writes the run as one JSON object, indented by a line for each member.
func (r *Run) WriteJSON(w io.Writer) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := compactIndent(&out, data); err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

// compactIndent puts each member of the outermost object, and each element of the lists in it, on a line of its own:
// a file that diffs and pages well, without the fourfold size that json.Indent would give the intervals.
func compactIndent(out *bytes.Buffer, data []byte) error {
	depth, quoted, escaped := 0, false, false
	for i, c := range data {
		if quoted {
			out.WriteByte(c)
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				quoted = false
			}
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		closes := (c == '}' || c == ']') && depth == 0
		if closes {
			out.WriteByte('\n')
		}
		out.WriteByte(c)
		switch {
		case depth == 1 && (c == ',' || c == '{' && i == 0):
			out.WriteString("\n ")
		case depth == 2 && c == ',':
			out.WriteString("\n  ")
		}
	}
	out.WriteByte('\n')
	return nil
}
