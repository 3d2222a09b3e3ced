using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.BridgePair;

const int LineBytesMax = 1024 * 1024;

if (args is [GatewayEcho.Name, var gateway, var self, var other])
{
    return await GatewayEcho.RunAsync(gateway, self, other);
}

var parsed = PairOptions.Parse(args);
if (!parsed.Succeeded)
{
    foreach (var problem in parsed.Problems)
    {
        Console.Error.WriteLine(problem);
    }

    return 2;
}

var options = parsed.Value;
var jobFile = Path.Combine(options.Directory, "job.json");
File.WriteAllText(jobFile, JsonSerializer.Serialize(options.Job, FactoryJson.Readable));

using var output = Console.OpenStandardOutput();
using var printing = new SemaphoreSlim(1);
var network = new LoopbackNetwork();
var epoch = new RunEpoch { Number = 1, Members = [.. options.Islands.Select(island => new RunMember(island, 1))] };
var bridges = options.Islands.Select((_, place) => new PairedBridge(options, place, network, PrintAsync)).ToArray();
foreach (var (place, bridge) in bridges.Index())
{
    await PrintAsync(new PairOutput(place, options.Islands[place], bridge.Socket, jobFile));
    bridge.Start(epoch);
}

var reading = Task.Run(async () =>
{
    using var input = Console.OpenStandardInput();
    return await LineReader.ReadAsync(input, LineBytesMax, ObeyAsync, CancellationToken.None);
});
while (!reading.IsCompleted && bridges.Any(bridge => !bridge.Running.IsCompleted))
{
    // A restarted bridge has a new task: look again whenever one ends.
    await Task.WhenAny([reading, .. bridges.Select(bridge => bridge.Running).Where(running => !running.IsCompleted)]);
}

foreach (var bridge in bridges)
{
    await bridge.StopAsync();
}

if (reading.IsFaulted)
{
    Console.Error.WriteLine($"A line on standard input cannot be obeyed: {reading.Exception.InnerException!.Message}");
    return 2;
}

return bridges.All(bridge => bridge.Running.Result == 0) ? 0 : 1;

async Task PrintAsync(PairOutput line)
{
    byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, FactoryJson.Options), (byte)'\n'];
    await printing.WaitAsync();
    try
    {
        await output.WriteAsync(bytes);
        await output.FlushAsync();
    }
    finally
    {
        printing.Release();
    }
}

async ValueTask<bool> ObeyAsync(ReadOnlyMemory<byte> line)
{
    var wanted = JsonSerializer.Deserialize<PairInput>(line.Span, FactoryJson.Options)!;
    if (wanted.Command is { } command)
    {
        await bridges[wanted.Island].TellAsync(command);
    }

    if (wanted is { Restart: true, Epoch: { } known })
    {
        await bridges[wanted.Island].StopAsync();
        bridges[wanted.Island].Start(known);
    }
    else if (wanted.Restart)
    {
        await RestartAsync(wanted.Island);
    }

    return true;
}

async Task RestartAsync(int place)
{
    await bridges[place].StopAsync();
    var member = epoch.Members[place];
    epoch = new RunEpoch
    {
        Number = epoch.Number + 1,
        // Any round: that the others go on with what they hold.
        Start = 0,
        Members = epoch.Members.SetItem(place, member with { Incarnation = member.Incarnation + 1 }),
    };
    bridges[place].Start(epoch);
    foreach (var (other, bridge) in bridges.Index())
    {
        if (other != place)
        {
            await bridge.TellAsync(new BridgeCommand.EpochDecided(epoch));
        }
    }
}
