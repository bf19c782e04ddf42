package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sallyport/vpn"
)

// TestDocumentationHasEveryRefusal compares the sentences that the program refuses clients with, by their codes, with the
// rows of the troubleshooting page, in both directions. In the page "…" stands for what differs.
func TestDocumentationHasEveryRefusal(t *testing.T) {
	t.Parallel()
	said := refusals(t)
	documented := map[vpn.Code][]string{} // pieces of sentences
	for _, row := range tableOf(t, "## A client does not get in") {
		code := vpn.Code(strings.Trim(row[0], "`"))
		if !slices.Contains(vpn.LoginCodes(), code) {
			t.Errorf("%s is not one of the codes of logins", code)
		}
		for sentence := range strings.SplitSeq(row[1], "; ") {
			for piece := range strings.SplitSeq(sentence, "…") {
				if piece = strings.TrimSpace(piece); piece != "" {
					documented[code] = append(documented[code], piece)
				}
			}
		}
	}
	for _, code := range vpn.LoginCodes() {
		pieces := documented[code]
		if len(pieces) == 0 {
			t.Errorf("%s has no row", code)
		}
		switch code {
		case vpn.CodeConnectionTerminated, // its sentence is that of the administrator's action
			vpn.CodeDirectoryUnavailable, vpn.CodeDirectoryMisconfigured: // theirs are said by functions of package ldap
			continue
		}
		for _, sentence := range said[code] {
			if !slices.ContainsFunc(pieces, func(piece string) bool { return strings.Contains(sentence, piece) }) {
				t.Errorf("%s: no row has %q", code, sentence)
			}
		}
		for _, piece := range pieces {
			if !slices.ContainsFunc(said[code], func(sentence string) bool { return strings.Contains(sentence, piece) }) {
				t.Errorf("%s: the program does not say %q, but %q", code, piece, said[code])
			}
		}
	}
}

// tableOf gives the rows of the first table below a heading of the troubleshooting page.
func tableOf(t *testing.T, heading string) [][]string {
	t.Helper()
	page, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), heading+"\n")
	_, table, found := strings.Cut(section, "|---|")
	if !found {
		t.Fatalf("there is no table below %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var rows [][]string
	for line := range strings.Lines(table) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) > 1 {
			rows = append(rows, []string{strings.TrimPrefix(cells[0], "| "), strings.TrimSuffix(cells[1], " |")})
		}
	}
	return rows
}

// refusals finds the sentences that stand beside codes of logins in the source: in the arguments of one call, the fields
// of one value, or one assignment.
func refusals(t *testing.T) map[vpn.Code][]string {
	t.Helper()
	var files []*ast.File
	for _, root := range []string{"vpn", "control", "dataplane", "ldap", "saml"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			files = append(files, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	constants := constantsOf(files)
	said := map[vpn.Code][]string{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				collect(said, constants, n.Args)
			case *ast.CompositeLit:
				var values []ast.Expr
				for _, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						e = pair.Value
					}
					values = append(values, e)
				}
				collect(said, constants, values)
			case *ast.AssignStmt:
				collect(said, constants, n.Rhs)
			case *ast.ReturnStmt: // a code that a function gives goes with the sentence of another
				return true
			}
			return true
		})
	}
	return said
}

// sentenceStart is how a sentence for people begins: with a capital, or after the name of a thing.
var sentenceStart = regexp.MustCompile(`^(?:[A-Z][a-z]+ | (?:is|has|was) |%s has )`)

func collect(said map[vpn.Code][]string, constants map[string]string, parts []ast.Expr) {
	var code vpn.Code
	var sentences []string
	for _, part := range parts {
		if name := nameOf(part); strings.HasPrefix(name, "Code") && slices.Contains(vpn.LoginCodes(), vpn.Code(constants[name])) {
			code = vpn.Code(constants[name])
			continue
		}
		if text := textOf(constants, part); sentenceStart.MatchString(text) {
			sentences = append(sentences, text)
		}
	}
	if code != "" {
		said[code] = append(said[code], sentences...)
	}
}

// textOf is the text of the strings that an expression is made of.
func textOf(constants map[string]string, e ast.Expr) (text string) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit, *ast.FuncLit:
			return false
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				text += s
			}
		case *ast.Ident:
			text += constants[n.Name]
		}
		return true
	})
	return text
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// constantsOf gives the constants whose value is one string, by name.
func constantsOf(files []*ast.File) map[string]string {
	out := map[string]string{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != len(spec.Values) {
				return true
			}
			for i, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					out[spec.Names[i].Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	return out
}
