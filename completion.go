package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completion struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script that knows every command of this binary; it asks no server.
func (c *completion) Run(k *kong.Context) error {
	places := placesOf(k.Model.Node)
	script := map[string]func([]place) string{"bash": bash, "zsh": zsh, "fish": fish}[c.Shell](places)
	_, err := fmt.Print(script)
	return err
}

// A place is where one may be on a command line: behind some commands, which are its
// path: "", "/incidents", "/incidents/list".
type place struct {
	path  string
	words []word // commands and flags that may follow
	flags []*kong.Flag
	files bool // an argument is a file
}

type word struct{ text, help string }

// placesOf are all places of the binary, the outermost first.
func placesOf(root *kong.Node) (all []place) {
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		p := place{path: path}
		for _, child := range n.Children {
			if child.Type == kong.CommandNode && !child.Hidden {
				p.words = append(p.words, word{child.Name, child.Help})
			}
		}
		for _, a := range n.Positional {
			p.files = p.files || isFile(a)
			for _, value := range values(a) {
				p.words = append(p.words, word{value, ""})
			}
		}
		for _, group := range n.AllFlags(true) {
			for _, f := range group {
				p.flags = append(p.flags, f)
				p.words = append(p.words, word{"--" + f.Name, f.Help})
			}
		}
		all = append(all, p)
		for _, child := range n.Children {
			if child.Type == kong.CommandNode && !child.Hidden {
				walk(child, path+"/"+child.Name)
			}
		}
	}
	walk(root, "")
	return all
}

// isFile says whether a flag or argument names a file or a directory.
func isFile(v *kong.Value) bool {
	if v.Tag.Type != "" {
		return strings.HasSuffix(v.Tag.Type, "file")
	}
	return v.Flag != nil && (v.Flag.PlaceHolder == "FILE" || v.Flag.PlaceHolder == "DIR")
}

// values are those that a flag or argument may have, if they are known.
func values(v *kong.Value) []string {
	all := strings.Split(v.Enum, ",")
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func (p place) texts() string {
	texts := make([]string, len(p.words))
	for i, w := range p.words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// paths is all places behind a command, as a pattern of case.
func paths(places []place) string {
	var all []string
	for _, p := range places[1:] {
		all = append(all, p.path)
	}
	return strings.Join(all, "|")
}

// cases are what the shells of Bourne's family look up: the words of a place, whether
// files are welcome there, and the values behind a flag.
func cases(places []place) string {
	var b strings.Builder
	b.WriteString("  case \"$place $prev\" in\n")
	for _, p := range places {
		for _, f := range p.flags {
			switch {
			case f.IsBool():
			case len(values(f.Value)) > 0:
				fmt.Fprintf(&b, "    \"%s --%s\") offers=\"%s\" ;;\n", p.path, f.Name, strings.Join(values(f.Value), " "))
			case isFile(f.Value):
				fmt.Fprintf(&b, "    \"%s --%s\") files=1 ;;\n", p.path, f.Name)
			default:
				fmt.Fprintf(&b, "    \"%s --%s\") ;;\n", p.path, f.Name)
			}
		}
	}
	b.WriteString("    *)\n      case \"$place\" in\n")
	for _, p := range places {
		files := ""
		if p.files {
			files = " files=1"
		}
		fmt.Fprintf(&b, "        \"%s\") offers=\"%s\"%s ;;\n", p.path, p.texts(), files)
	}
	b.WriteString("      esac ;;\n  esac\n")
	return b.String()
}

func bash(places []place) string {
	return `# tocsin completion bash: source <(tocsin completion bash)
_tocsin() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" place="" offers="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place/${COMP_WORDS[i]}" in
      ` + paths(places) + `) place="$place/${COMP_WORDS[i]}" ;;
    esac
  done
` + cases(places) + `  COMPREPLY=($(compgen -W "$offers" -- "$cur"))
  if [ -n "$files" ]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -F _tocsin tocsin
`
}

func zsh(places []place) string {
	return `#compdef tocsin
# tocsin completion zsh: source <(tocsin completion zsh), or put it into $fpath as _tocsin
_tocsin() {
  local prev="${words[CURRENT-1]}" place="" files="" offers="" i
  for ((i = 2; i < CURRENT; i++)); do
    case "$place/${words[i]}" in
      ` + paths(places) + `) place="$place/${words[i]}" ;;
    esac
  done
` + cases(places) + `  compadd -- ${=offers}
  if [ -n "$files" ]; then _files; fi
}
if [ "$funcstack[1]" = "_tocsin" ]; then _tocsin "$@"; else compdef _tocsin tocsin; fi
`
}

func fish(places []place) string {
	var b strings.Builder
	b.WriteString(`# tocsin completion fish: tocsin completion fish | source
function __tocsin_place
  set -l place ""
  for word in (commandline -opc)[2..-1]
    switch "$place/$word"
      case ` + strings.ReplaceAll(paths(places), "|", " ") + `
        set place "$place/$word"
    end
  end
  test "$place" = "$argv[1]"
end
complete -c tocsin -f
`)
	for _, p := range places {
		at := fmt.Sprintf("complete -c tocsin -n '__tocsin_place \"%s\"'", p.path)
		for _, w := range p.words {
			if !strings.HasPrefix(w.text, "--") {
				fmt.Fprintf(&b, "%s -a %s -d %s\n", at, w.text, quoted(w.help))
			}
		}
		if p.files {
			fmt.Fprintf(&b, "%s -F\n", at)
		}
		for _, f := range p.flags {
			more := " -x"
			switch {
			case f.IsBool():
				more = ""
			case isFile(f.Value):
				more = " -r -F"
			case len(values(f.Value)) > 0:
				more = " -x -a " + quoted(strings.Join(values(f.Value), " "))
			}
			fmt.Fprintf(&b, "%s -l %s%s -d %s\n", at, f.Name, more, quoted(f.Help))
		}
	}
	return b.String()
}

// quoted is a text between single quotes, as fish reads them.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
