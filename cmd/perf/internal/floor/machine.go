package floor

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// Machine names the kind of machine this is, by what benchmarks depend on: processor, cores, system and
// toolchain. It fits a file's name and says nothing of whose machine it is.
func Machine() string {
	return slug(fmt.Sprintf("%s %d cores %s %s %s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()))
}

var other = regexp.MustCompile(`[^a-z0-9.]+`)

func slug(s string) string { return strings.Trim(other.ReplaceAllString(strings.ToLower(s), "-"), "-") }

// processor returns the processor's model, or the architecture where the system does not tell.
func processor() string {
	switch runtime.GOOS {
	case "linux":
		data, err := os.ReadFile("/proc/cpuinfo")
		if err != nil {
			break
		}
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	case "darwin":
		if out, err := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output(); err == nil {
			return strings.TrimSpace(string(out))
		}
	case "windows":
		if id := os.Getenv("PROCESSOR_IDENTIFIER"); id != "" {
			return id
		}
	}
	return "unknown processor"
}
