package flame

import (
	"os"
	"path/filepath"
	"runtime"
)

// hideSettings keeps the user's saved pprof views out of the page, and returns what undoes it. The
// driver finds them by os.UserConfigDir and offers no option to leave them; where that fails, as in a
// container without a home, it makes no page at all. So the variable that os.UserConfigDir reads names
// a folder that is not there for as long as a page is made. Another goroutine that reads it meanwhile
// is misled.
func hideSettings() (undo func()) {
	name := "XDG_CONFIG_HOME"
	switch runtime.GOOS {
	case "windows":
		name = "AppData"
	case "darwin", "ios":
		name = "HOME"
	}
	old, set := os.LookupEnv(name)
	os.Setenv(name, filepath.Join(os.TempDir(), "no-such-folder"))
	return func() {
		if set {
			os.Setenv(name, old)
		} else {
			os.Unsetenv(name)
		}
	}
}
