package fault

import (
	"fmt"
	"testing"
	"time"
)

func TestRepairsOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	var first, r Repairs
	for n := range maxRepairs {
		first.Add("e", fmt.Sprint(n), noon)
	}
	r.Add("e", "new", noon)
	r.Load(first.Snapshot())
	list := r.All()
	if len(list) != maxRepairs || list[0].Message != "new" || list[1].Message != fmt.Sprint(maxRepairs-1) || list[maxRepairs-1].Message != "1" {
		t.Errorf("got %+v", list)
	}
}

func TestRepairsKeepTheNewest(t *testing.T) {
	t.Parallel()
	var r Repairs
	for n := range maxRepairs + 5 {
		r.Add("e", fmt.Sprint(n), noon.Add(time.Duration(n)*time.Second))
	}
	list := r.All()
	if len(list) != maxRepairs || list[0].Message != fmt.Sprint(maxRepairs+4) || list[maxRepairs-1].Message != "5" {
		t.Errorf("%d are kept, from %q to %q", len(list), list[0].Message, list[len(list)-1].Message)
	}
}
