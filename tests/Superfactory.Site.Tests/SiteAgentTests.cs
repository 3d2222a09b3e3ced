using System.Net;
using System.Net.Sockets;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;
using Superfactory.Site.Tests.Data;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests;

/// <summary>The agent as a process, with its real gateway and real gangs, against a control plane over HTTP.</summary>
public sealed class SiteAgentTests : IAsyncDisposable
{
    private const int SignalStop = 19;

    private const string Sleeper = "(setsid sleep 1000 & echo $! > escaped) ; echo $$ > trainer ; exec sleep 1000";

    private readonly TemporaryDirectory _state = new();
    private readonly FakeControlPlane _control = FakeControlPlane.Start();

    private string GangDirectory => _state.Combine("sites", "atlanta", "gangs", "7-1");

    [Fact]
    public async Task An_agent_runs_the_gangs_that_it_is_instructed_to_and_reports_their_result()
    {
        await using var agent = AgentProcess.Start(Options());
        (await agent.ReadyAsync()).ShouldBe($"ready {_control.LastHello!.Gateway}");

        _control.Instruct(1, Gang("ready running wait:done finished", "echo hello; echo done > done"));

        var report = await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Finished));
        report.Gangs[0].Result!.ParametersSha256.ShouldBe(ScriptedBridge.Result.ParametersSha256);
        Directory.Exists(_state.Combine("sites", "atlanta", "output", "7")).ShouldBeTrue();
        _control.LastHello.Slots.ShouldBe(SiteOptions.SlotsDefault);
    }

    [Fact]
    public async Task An_agent_that_is_asked_to_end_stops_its_gangs_says_so_and_leaves_no_process()
    {
        await using var agent = AgentProcess.Start(Options());
        _control.Instruct(1, Gang("ready running", Sleeper));
        var processes = await GangProcessesAsync();

        agent.Signal(Native.SignalTerminate);

        (await agent.ExitAsync()).ShouldBe(0, agent.Errors);
        processes.ShouldAllBe(process => !GangFixture.IsAlive(process));
        (await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Stopped))).ShouldNotBeNull();
        _control.LeftSession.ShouldBe(_control.LastHello!.Session);
        RuntimeLeft().ShouldBeEmpty();
    }

    [Fact]
    public async Task An_agent_that_is_killed_takes_every_process_of_its_gangs_with_it()
    {
        await using var agent = AgentProcess.Start(Options());
        _control.Instruct(1, Gang("ready running", Sleeper));
        var processes = await GangProcessesAsync();

        agent.Signal(Native.SignalKill);

        await Patience.UntilAsync(() => !processes.Any(GangFixture.IsAlive), "the end of the gang");
    }

    [Fact]
    public async Task A_killed_agents_gang_and_gateway_go_on_and_the_next_agent_takes_them_over_under_its_name()
    {
        var options = Options() with { OrphanGrace = TimeSpan.FromMinutes(5) };
        string ready, session;
        int[] processes;
        await using (var agent = AgentProcess.Start(options))
        {
            ready = await agent.ReadyAsync();
            session = _control.LastHello!.Session;
            _control.Instruct(1, Gang("ready running wait:done finished", "(setsid sleep 1000 & echo $! > escaped) ; echo $$ > trainer ; until [ -e done ] ; do sleep 0.05 ; done"));
            processes = await GangProcessesAsync();
            await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Running));
            agent.Signal(Native.SignalKill);
            await agent.ExitAsync();
        }

        await using var next = AgentProcess.Start(options);
        (await next.ReadyAsync()).ShouldBe(ready);
        _control.LastHello!.Session.ShouldBe(session);
        _control.LastHello.ProcessId.ShouldNotBe(0);
        next.Errors.ShouldContain("Took over the gang 7-1");
        processes.ShouldAllBe(process => GangFixture.IsAlive(process));
        File.WriteAllText(Path.Combine(GangDirectory, "done"), "\n");

        var report = await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Finished));
        report.Gangs[0].Incarnation.ShouldBe(1);
        report.Gangs[0].Result!.ParametersSha256.ShouldBe(ScriptedBridge.Result.ParametersSha256);
        processes.ShouldAllBe(process => !GangFixture.IsAlive(process));
        next.Signal(Native.SignalTerminate);
        (await next.ExitAsync()).ShouldBe(0, next.Errors);
        RuntimeLeft().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gang_that_nobody_takes_over_ends_itself_and_is_not_started_again_under_its_incarnation()
    {
        var options = Options() with { OrphanGrace = TimeSpan.FromMilliseconds(300) };
        await using (var agent = AgentProcess.Start(options))
        {
            _control.Instruct(1, Gang("ready running", Sleeper));
            var processes = await GangProcessesAsync();
            agent.Signal(Native.SignalKill);
            await agent.ExitAsync();
            await Patience.UntilAsync(() => !processes.Any(GangFixture.IsAlive), "the end of the gang");
        }

        await using var next = AgentProcess.Start(options);
        var report = await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Failed));

        report.Gangs[0].Retriable.ShouldBeTrue();
        report.Gangs[0].Reason.ShouldBe("Island atlanta ended while the agent of its site was away.");
    }

    [Fact]
    public async Task A_gang_whose_lease_is_over_ends_itself_though_its_agent_is_paused_and_the_agent_says_so_when_it_goes_on()
    {
        await using var agent = AgentProcess.Start(Options() with { GangLease = TimeSpan.FromSeconds(10), OrphanGrace = TimeSpan.FromMinutes(5) });
        _control.Instruct(1, Gang("ready running", Sleeper));
        var processes = await GangProcessesAsync();
        _control.LastHello!.GangLeaseSeconds.ShouldBe(10);
        await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Running));

        agent.Signal(Native.SignalStop);
        await Patience.UntilAsync(() => !processes.Any(GangFixture.IsAlive), "the end of the gang");

        agent.Signal(Native.SignalContinue);
        await _control.ReportAsync(report => report.Gangs.Any(gang => gang.State == GangState.Stopped));
    }

    [Fact]
    public async Task A_gateway_that_dies_is_started_again_where_it_was()
    {
        await using var agent = AgentProcess.Start(Options());
        var ready = await agent.ReadyAsync();
        var before = GatewayId();

        Native.Signal(before, Native.SignalKill);

        await Patience.UntilAsync(() => GatewayId() is var now && now != 0 && now != before, "another gateway");
        await Patience.UntilAsync(() => IsListening(ready["ready ".Length..]), "the same endpoint");
        agent.Errors.ShouldContain("the gateway ended and is started again");
    }

    [Fact]
    public async Task A_new_agent_ends_what_a_killed_one_left_because_its_supervisor_hangs()
    {
        int[] processes;
        await using (var agent = AgentProcess.Start(Options()))
        {
            _control.Instruct(1, Gang("ready running", Sleeper));
            processes = await GangProcessesAsync();
            Native.Signal(processes[0], SignalStop);
            agent.Signal(Native.SignalKill);
            await agent.ExitAsync();
        }

        processes.ShouldAllBe(process => GangFixture.IsAlive(process));
        _control.Instruct(2);
        await using var next = AgentProcess.Start(Options());
        await next.ReadyAsync();

        processes.ShouldAllBe(process => !GangFixture.IsAlive(process));
        next.Errors.ShouldContain("Ended what an earlier agent left of the gang 7-1.");
    }

    [Fact]
    public async Task A_second_agent_in_the_same_directory_is_refused_and_the_first_goes_on()
    {
        await using var first = AgentProcess.Start(Options());
        await first.ReadyAsync();

        await using var second = AgentProcess.Start(Options());

        (await second.ExitAsync()).ShouldBe(2);
        second.Errors.ShouldStartWith($"site atlanta: Another agent, process {_control.LastHello!.ProcessId}, runs site 'atlanta'");
        await _control.ReportAsync(_ => true);
    }

    [Fact]
    public async Task A_job_whose_corpus_is_missing_fails_by_name_and_says_how_to_prepare_it()
    {
        await using var agent = AgentProcess.Start(Options());
        var gang = Gang("ready", "true");
        _control.Instruct(1, gang with { Specification = gang.Specification with { Data = new DataSpecification { Corpus = "books" } } });

        var report = await _control.ReportAsync(report => report.Gangs.Any(seen => seen.State == GangState.Failed));

        report.Gangs[0].Retriable.ShouldBeFalse();
        report.Gangs[0].Reason.ShouldBe($"Site atlanta cannot run the job: There is no corpus 'books' in {_state.Combine("corpora")}. Prepare it with 'superfactory data prepare --name books'.");
    }

    [Fact]
    public async Task A_port_in_use_is_bad_input()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        await using var agent = AgentProcess.Start(Options() with { GatewayListen = other.LocalEndpoint.ToString()! });

        (await agent.ExitAsync()).ShouldBe(2);
        agent.Errors.ShouldContain(other.LocalEndpoint.ToString()!);
        RuntimeLeft().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_control_plane_out_of_reach_is_exit_code_3()
    {
        await using var agent = AgentProcess.Start(Options() with { ControlUrl = $"http://127.0.0.1:{TrainerLaunch.FreePort()}", ConnectLimit = TimeSpan.FromMilliseconds(300) });

        (await agent.ExitAsync()).ShouldBe(3);
        agent.Errors.ShouldContain("nothing listens there");
    }

    [Fact]
    public async Task Everything_that_is_wrong_with_the_options_is_said_at_once()
    {
        await using var agent = AgentProcess.Start(Options() with { Name = "at lanta", ControlUrl = "nowhere", Slots = 0, GatewayListen = "0.0.0.0:7500" });

        (await agent.ExitAsync()).ShouldBe(2);
        agent.Errors.Split('\n').Length.ShouldBe(4);
        Directory.GetFileSystemEntries(_state.Root).ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        if (Directory.Exists(GangDirectory))
        {
            await GangFiles.EndLeftoversAsync(GangDirectory, GangFiles.LoadSupervisor(GangDirectory), justEnded: false, TimeProvider.System);
        }

        RuntimeDirectories.DeleteAll(_state.Combine("sites", "atlanta"), new HashSet<string>());
        _state.Dispose();
    }

    private int GatewayId()
    {
        var file = _state.Combine("sites", "atlanta", "gateway.process.json");
        return File.Exists(file) && System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file)) is { } mark ? (int)mark["process"]!["process_id"]! : 0;
    }

    private static bool IsListening(string endpoint)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPEndPoint.Parse(endpoint));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static GangAssignment Gang(string bridge, string script) => GangFixture.Assignment(GangFixture.Job(bridge, "sh", "-c", script));

    private SiteOptions Options() => new()
    {
        Name = "atlanta",
        ControlUrl = _control.Url,
        StateDirectory = _state.Root,
        DataDirectory = _state.Combine("corpora"),
        ConnectLimit = Patience.Limit,
        InsecureWan = true,
        OrphanGrace = TimeSpan.Zero,
    };

    private string[] RuntimeLeft() => Directory.GetDirectories(
        Path.GetDirectoryName(RuntimeDirectories.ForGateway("/"))!,
        Path.GetFileName(RuntimeDirectories.ForGateway(_state.Combine("sites", "atlanta"))).Replace("gateway", "*", StringComparison.Ordinal));

    /// <summary>The supervisor, the trainer, and what escaped from it, once all are there.</summary>
    private async Task<int[]> GangProcessesAsync()
    {
        await Patience.UntilAsync(() => Written("trainer") && Written("escaped") && GangFiles.LoadSupervisor(GangDirectory) is not null, "the gang's processes");
        return [GangFiles.LoadSupervisor(GangDirectory)!.ProcessId, Read("trainer"), Read("escaped")];

        bool Written(string name) => File.Exists(Path.Combine(GangDirectory, name)) && File.ReadAllText(Path.Combine(GangDirectory, name)).EndsWith('\n');
        int Read(string name) => int.Parse(File.ReadAllText(Path.Combine(GangDirectory, name)));
    }
}
