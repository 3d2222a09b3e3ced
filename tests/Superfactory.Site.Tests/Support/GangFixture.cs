using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Engines;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Tests.Support;

/// <summary>A gang in a directory of its own, run by the real engine; ends what a failed test left.</summary>
internal sealed class GangFixture : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("site-test-").FullName;
    private readonly List<GangEvent> _events = [];
    private Task? _reading = Task.CompletedTask;

    public string GangDirectory => Path.Combine(_root, "gangs", "7-1");

    public string OutputDirectory => Path.Combine(_root, "output");

    public string PythonDirectory => Path.Combine(_root, "python");

    public string RuntimeDirectory => RuntimeDirectories.ForGang(_root, 7, 1);

    public ProcessEngine Engine { get; } = new(TimeProvider.System);

    public IGang Gang { get; private set; } = null!;

    public int SupervisorId => GangFiles.LoadSupervisor(GangDirectory)!.ProcessId;

    public static JobSpecification Job(string bridge, params string[] command) => new()
    {
        Name = "test",
        Sites = ["atlanta"],
        Command = [.. command],
        Budget = new BudgetSpecification { Steps = 10 },
        TrainerRestartsMax = 2,
        Environment = ImmutableSortedDictionary<string, string>.Empty.Add(ScriptedBridge.Variable, bridge),
    };

    public static GangAssignment Assignment(JobSpecification job, int incarnation = 1) => new()
    {
        Job = 7,
        Island = "atlanta",
        Incarnation = incarnation,
        Epoch = Epoch(1, incarnation),
        Specification = job,
    };

    public static RunEpoch Epoch(int number, int incarnation = 1) => new() { Number = number, Members = [new RunMember("atlanta", incarnation)] };

    /// <summary>Starts it.</summary>
    /// <param name="job">Its job.</param>
    /// <param name="python">Its Python.</param>
    /// <param name="reads">Whether its agent reads what it says from the start; else from <see cref="EventsAsync"/> on.</param>
    public async Task StartAsync(JobSpecification job, string? python = null, bool reads = true)
    {
        Directory.CreateDirectory(GangDirectory);
        Directory.CreateDirectory(OutputDirectory);
        RuntimeDirectories.Make(RuntimeDirectory);
        var started = await Engine.StartAsync(
            new GangSpecification
            {
                Assignment = Assignment(job),
                GangDirectory = GangDirectory,
                RuntimeDirectory = RuntimeDirectory,
                OutputDirectory = OutputDirectory,
                GatewaySocket = "/none",
                Python = python,
                PythonDirectory = PythonDirectory,
                Cores = 4,
                Self = SelfCommand.Running(),
            },
            CancellationToken.None);
        Gang = started.Value.ShouldNotBeNull();
        _reading = reads ? ReadAsync() : null;
    }

    /// <summary>Everything that happened, once the gang is over.</summary>
    public async Task<IReadOnlyList<GangEvent>> EventsAsync()
    {
        await (_reading ??= ReadAsync()).WaitAsync(Patience.Limit);
        return _events;
    }

    /// <summary>The last event, once the gang is over.</summary>
    public async Task<GangEvent> LastAsync() => (await EventsAsync())[^1];

    /// <summary>Waits for a file that one of the gang's processes writes, and reads it.</summary>
    public async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(GangDirectory, name);
        await Patience.UntilAsync(() => File.Exists(path) && File.ReadAllText(path).EndsWith('\n'), $"the file {name}");
        return File.ReadAllText(path).Trim();
    }

    /// <summary>The process id that a process of the gang wrote to a file.</summary>
    public async Task<int> ProcessIdAsync(string name) => int.Parse(await FileAsync(name), CultureInfo.InvariantCulture);

    public void Touch(string name) => File.WriteAllText(Path.Combine(GangDirectory, name), "\n");

    public static bool IsAlive(int processId) => ProcessTable.Find(processId) is { IsAlive: true };

    public async ValueTask DisposeAsync()
    {
        await GangFiles.EndLeftoversAsync(GangDirectory, null, justEnded: false, TimeProvider.System);
        RuntimeDirectories.Delete(RuntimeDirectory);
        Directory.Delete(_root, recursive: true);
    }

    private async Task ReadAsync()
    {
        await foreach (var said in Gang.ReadEventsAsync())
        {
            _events.Add(said);
        }
    }
}
