// Command gitops judges objects as Flux and Argo CD do. It reads one request per line, as JSON, and answers each with one
// line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type request struct {
	// "kstatus", "flux" or "lua".
	Judge  string          `json:"judge"`
	Object json.RawMessage `json:"object"`
	// Of "flux".
	Expressions kustomize.HealthCheckExpressions `json:"expressions"`
	// Of "lua".
	Script string `json:"script"`
}

type answer struct {
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		result, err := judge(lines.Bytes())
		shown := answer{Result: result}
		if err != nil {
			shown = answer{Error: err.Error()}
		}
		if err := out.Encode(shown); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func judge(line []byte) (any, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	// Numbers become int64, as they are in an object that the API server answered.
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asked.Object); err != nil {
		return nil, err
	}
	switch asked.Judge {
	case "kstatus":
		result, err := status.Compute(object)
		if err != nil {
			return nil, err
		}
		return result.Status, nil
	case "flux":
		evaluator, err := cel.NewStatusEvaluator(&asked.Expressions)
		if err != nil {
			return nil, err
		}
		result, err := evaluator.Evaluate(context.Background(), object)
		if err != nil {
			return nil, err
		}
		return result.Status, nil
	case "lua":
		return runLua(asked.Script, object.Object)
	}
	return nil, fmt.Errorf("there is no judge %q", asked.Judge)
}

// runLua runs a script with what Argo CD gives to scripts of its settings: the object as `obj`, the basic functions, the
// library `table`, and of the library `os` only `date` and `time`.
func runLua(script string, object map[string]any) (any, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
		{lua.OsLibName, openClock},
	} {
		state.Push(state.NewFunction(library.open))
		state.Push(lua.LString(library.name))
		if err := state.PCall(1, 0, nil); err != nil {
			return nil, err
		}
	}
	limited, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(limited)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	if state.GetTop() == 0 {
		return nil, fmt.Errorf("the script returned nothing")
	}
	encoded, err := luajson.Encode(state.Get(-1))
	return json.RawMessage(encoded), err
}

func openClock(state *lua.LState) int {
	opened := lua.OpenOs(state)
	clock := state.NewTable()
	for _, kept := range []string{"date", "time"} {
		clock.RawSetString(kept, state.GetField(state.GetGlobal(lua.OsLibName), kept))
	}
	state.SetGlobal(lua.OsLibName, clock)
	// What `require` returns.
	loaded := state.GetField(state.GetGlobal(lua.LoadLibName), "loaded")
	state.SetField(loaded, lua.OsLibName, clock)
	return opened
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch given := value.(type) {
	case bool:
		return lua.LBool(given)
	case int64:
		return lua.LNumber(given)
	case float64:
		return lua.LNumber(given)
	case string:
		return lua.LString(given)
	case []any:
		list := state.NewTable()
		for _, item := range given {
			list.Append(toLua(state, item))
		}
		return list
	case map[string]any:
		table := state.NewTable()
		for name, item := range given {
			table.RawSetString(name, toLua(state, item))
		}
		return table
	}
	return lua.LNil
}
