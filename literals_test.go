package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sallyport/vpn"
)

// TestActionsAndCodesAreNamed reads every source file but the two tables and the tests: no action or
// code is written as text where a constant of vpn belongs, and every constant is in its table.
func TestActionsAndCodesAreNamed(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."), d.IsDir() && d.Name() == "node_modules":
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, found := range literals(file, path == "vpn/action.go" || path == "vpn/code.go") {
			t.Errorf("%s: %s", path, found)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files, %v", files, err)
	}
}

// name is how actions and codes look: "DeleteVpc", "InvalidVpcID.NotFound".
var name = regexp.MustCompile(`^[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?$`)

// literals lists where a file has an action or a code as text.
func literals(file *ast.File, table bool) (found []string) {
	isLiteral := func(e ast.Expr) bool {
		l, ok := e.(*ast.BasicLit)
		return ok && l.Kind == token.STRING
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.ValueSpec:
			if table && len(n.Names) == 1 && len(n.Values) == 1 && isLiteral(n.Values[0]) && n.Type != nil {
				if text, _ := strconv.Unquote(n.Values[0].(*ast.BasicLit).Value); !inTable(n.Type, text) {
					found = append(found, n.Names[0].Name+" is not in its table")
				}
				return false
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && !table && isKnown(text) {
				found = append(found, "the text "+n.Value+" stands where the constant of vpn belongs")
			}
		case *ast.CallExpr:
			for i, arg := range n.Args {
				if isLiteral(arg) && takesName(called(n), i) {
					found = append(found, called(n)+" is called with the text "+arg.(*ast.BasicLit).Value)
				}
			}
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			if !ok || !isLiteral(n.Value) || key.Name != "Code" && key.Name != "code" && key.Name != "Action" {
				return true
			}
			if text, _ := strconv.Unquote(n.Value.(*ast.BasicLit).Value); name.MatchString(text) {
				found = append(found, key.Name+" is the text "+text)
			}
		}
		return true
	})
	return found
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// takesName tells whether a function's argument is an action or a code: by the names of those that
// take one, and of the two types, which also convert.
func takesName(function string, argument int) bool {
	at, ok := map[string]int{
		"Refuse": 1, "NoSuch": 0, "Code": 0, "Action": 0,
		"May": 0, "Read": 2, "Change": 2, "Allow": 2, "Record": 1, "AuditRefusal": 2,
	}[function]
	return ok && at == argument
}

func isKnown(text string) bool {
	return vpn.Code(text).Meaning() != "" || vpn.Action(text).Text() != text
}

func inTable(kind ast.Expr, text string) bool {
	if id, ok := kind.(*ast.Ident); ok && id.Name == "Code" {
		return vpn.Code(text).Meaning() != ""
	}
	return vpn.Action(text).Text() != text
}

func TestLiteralsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code  string
		table bool
		want  int
	}{
		{`var e = vpn.Refuse(vpn.Denied, "New", "No.")`, false, 1},
		{`var e = vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "No.")`, false, 0},
		{`var e = vpn.NoSuch("Gone", "rule", id)`, false, 1},
		{`var n = noun{code: "Gone.NotFound"}`, false, 1},
		{`var s = "AuthFailure"`, false, 1},
		{`var s = core.Change(ctx, by, "Remodel", "", nil)`, false, 1},
		{`var a = vpn.Action("Remodel")`, false, 1},
		{`var f = form{Action: "/networks/new"}`, false, 0},
		{`const CodeNew Code = "New"`, true, 1},
		{`const DeleteVpc Action = "DeleteVpc"`, true, 0},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+c.code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := literals(file, c.table); len(got) != c.want {
			t.Errorf("%s: got %q, want %d", c.code, got, c.want)
		}
	}
}
