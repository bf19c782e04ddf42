package help

import (
	"bytes"
	"io/fs"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// The console's content security policy forbids style attributes, and the documentation has no HTML of its own.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
)

// render makes the page of a file. links are the names of the pages that it leads to, in their order.
func render(files fs.FS, name string) (p Page, links []string) {
	source, err := fs.ReadFile(files, name+".md")
	if err != nil {
		return Page{Name: name, Title: name}, nil // an embedded file is there
	}
	if name != index {
		p.Name = name
	}
	doc := markdown.Parser().Parse(text.NewReader(source))
	links = relink(doc, files)
	sections := p.section(doc, source)
	p.Sections = sections
	var out bytes.Buffer
	_ = markdown.Renderer().Render(&out, source, doc) // a buffer takes every byte
	p.HTML = out.String()
	return p, links
}

// relink has the links between pages lead to the pages of the console; a link to what the console does not show becomes its text.
func relink(doc ast.Node, files fs.FS) (links []string) {
	var gone []*ast.Link
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *tables.Table:
			n.SetAttributeString("class", []byte("table"))
		case *ast.Link:
			target := string(n.Destination)
			page, fragment, ok := shown(files, target)
			switch {
			case !entering:
			case ok:
				links = append(links, page)
				if fragment != "" {
					fragment = "#" + fragment
				}
				if page == index {
					n.Destination = []byte(Path + fragment)
				} else {
					n.Destination = []byte(Path + "/" + page + fragment)
				}
			case strings.HasPrefix(target, "https://"):
				n.SetAttributeString("rel", []byte("noreferrer"))
			case !strings.HasPrefix(target, "#"):
				gone = append(gone, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, link := range gone {
		parent := link.Parent()
		for child := link.FirstChild(); child != nil; {
			next := child.NextSibling()
			parent.InsertBefore(parent, link, child)
			child = next
		}
		parent.RemoveChild(parent, link)
	}
	return links
}

// section takes the title out of the document and cuts the rest into sections, for the search.
func (p *Page) section(doc ast.Node, source []byte) []Section {
	sections := []Section{{}}
	for n := doc.FirstChild(); n != nil; {
		next := n.NextSibling()
		heading, isHeading := n.(*ast.Heading)
		switch {
		case isHeading && heading.Level == 1:
			p.Title = plain(heading, source)
			doc.RemoveChild(doc, n)
		case isHeading:
			anchor, _ := heading.AttributeString("id")
			id, _ := anchor.([]byte)
			sections = append(sections, Section{Heading: plain(heading, source), Anchor: string(id)})
		default:
			last := &sections[len(sections)-1]
			last.text += " " + plain(n, source)
		}
		n = next
	}
	return sections
}

// plain is the text of a node without markup.
func plain(n ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				out.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				out.Write(line.Value(source))
			}
		case *ast.AutoLink:
			out.Write(n.Label(source))
		case *ast.HTMLBlock:
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(out.String()), " ")
}
