using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;

namespace Superfactory.Site.Tests.Support;

/// <summary>
/// A bridge that speaks the line protocol but merges nothing: the job's variable <c>BRIDGE</c> says what it does, words separated by
/// spaces. <c>wait:NAME</c> waits until a trainer made that file in the gang's directory, <c>mark:NAME</c> makes one that holds the bridge's process id. Every command that it is told is
/// appended to the file <c>bridge-heard</c>.
/// </summary>
internal static class ScriptedBridge
{
    public const string Variable = "BRIDGE";
    public const string Heard = "bridge-heard";

    public static IslandResult Result { get; } = new()
    {
        ParametersSha256 = new string('a', 64), Steps = 12, Tokens = 34, TrainingSeconds = 1, WallSeconds = 2, Rounds = 3, ParameterBytes = 4,
    };

    public static async Task<int> RunAsync(string configuration)
    {
        var read = BridgeConfiguration.Load(configuration);
        if (!read.Succeeded)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', read.Problems));
            return 2;
        }

        var over = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Listen(read.Value, over)) { IsBackground = true }.Start();
        new Thread(() => Act(read.Value, over)) { IsBackground = true }.Start();
        return await over.Task;
    }

    private static void Listen(BridgeConfiguration bridge, TaskCompletionSource<int> over)
    {
        while (Console.In.ReadLine() is { } line)
        {
            File.AppendAllText(Path.Combine(bridge.GangDirectory, Heard), line + "\n");
            if (JsonSerializer.Deserialize<BridgeCommand>(line, FactoryJson.Options) is BridgeCommand.Stop)
            {
                break;
            }
        }

        over.TrySetResult(0);
    }

    private static void Act(BridgeConfiguration bridge, TaskCompletionSource<int> over)
    {
        foreach (var word in bridge.Specification.Environment[Variable].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (word.Split(':'))
            {
                case ["ready"]:
                    File.WriteAllText(Path.Combine(bridge.ArenaDirectory, "arena"), "shared memory");
                    Say(new BridgeEvent.Ready());
                    break;
                case ["running"]:
                    Say(new BridgeEvent.Running());
                    break;
                case ["step", var step]:
                    Say(new BridgeEvent.Progress(new RunProgress { Steps = long.Parse(step) }));
                    break;
                case ["wait", var name]:
                    SpinWait.SpinUntil(() => File.Exists(Path.Combine(bridge.GangDirectory, name)));
                    break;
                case ["steps", var steps]:
                    for (var step = 1; step <= int.Parse(steps); step++)
                    {
                        Say(new BridgeEvent.Progress(new RunProgress { Steps = step }));
                    }

                    break;
                case ["mark", var name]:
                    File.WriteAllText(Path.Combine(bridge.GangDirectory, name), $"{Environment.ProcessId}\n");
                    break;
                case ["refuse"]:
                    Say(new BridgeEvent.Failed("atlanta registers no parameters.", Retriable: false));
                    break;
                case ["finished"]:
                    Say(new BridgeEvent.Finished(Result));
                    break;
                case ["print"]:
                    Console.Out.WriteLine("a library's own words");
                    break;
                case ["crash"]:
                    Console.Error.WriteLine("the arena is too small");
                    over.TrySetResult(41);
                    return;
            }
        }
    }

    private static void Say(BridgeEvent said)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(said, FactoryJson.Options));
        Console.Out.Flush();
    }
}
