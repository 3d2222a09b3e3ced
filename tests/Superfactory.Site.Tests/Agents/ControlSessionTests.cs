using System.Collections.Immutable;
using System.Net;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Copies;
using Superfactory.Site.Data;
using Superfactory.Site.Gangs;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Agents;

/// <summary>The session with a control plane over real HTTP.</summary>
public sealed class ControlSessionTests : IAsyncDisposable
{
    private readonly MemoryEngine _engine = new();
    private readonly ReportBuffer _buffer = new(TimeProvider.System);
    private readonly Signal _changed = new();
    private readonly Network _network = new();
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _said = [];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");
    private readonly CheckpointTable _checkpoints;
    private readonly CorpusTable _corpora;
    private readonly GangTable _gangs;
    private ControlClient? _client;
    private ControlSession? _session;
    private Task<SessionEnd?> _running = Task.FromResult<SessionEnd?>(null);

    public ControlSessionTests()
    {
        _checkpoints = new CheckpointTable(_directory.FullName, _changed.Set, static _ => { });
        _corpora = new CorpusTable(_directory.FullName, _changed.Set);
        _gangs = new GangTable(_engine, MemoryEngine.Prepare, _buffer, _checkpoints, _changed.Set);
    }

    [Fact]
    public async Task An_agent_says_who_it_is_and_reports_also_when_there_is_nothing_to_tell()
    {
        await using var control = FakeControlPlane.Start();
        Connect(control.Url);

        await _ready.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        var report = await control.ReportAsync(_ => true);
        await control.ReportAsync(_ => true);

        control.LastHello!.Gateway.ShouldBe("127.0.0.1:9");
        report.Session.ShouldBe("session-1");
        report.Links.ShouldHaveSingleItem().Peer.ShouldBe("wisconsin");
        report.CallersRefused.ShouldBe(3);
    }

    [Fact]
    public async Task What_lies_there_to_train_on_is_said_once_it_was_looked_for_and_again_when_it_changes()
    {
        await using var control = FakeControlPlane.Start();
        Connect(control.Url);
        (await control.ReportAsync(static report => report.Number > 1)).Corpora.ShouldBeNull();

        _corpora.Look();
        (await control.ReportAsync(static report => report.Corpora is not null)).Corpora!.Value.ShouldBeEmpty();
        var told = await control.ReportAsync(static _ => true);
        told = await control.ReportAsync(report => report.Number > told.Number + 1);
        told.Corpora.ShouldBeNull("it was taken");

        var text = _directory.CreateSubdirectory("in");
        foreach (var number in Enumerable.Range(0, 40))
        {
            File.WriteAllText(Path.Combine(text.FullName, $"{number:D2}.txt"), Data.CorpusBuilderTests.Text(number));
        }

        Data.Corpora.Prepare(new CorpusOptions { Name = "docs", DataDirectory = _directory.FullName, From = text.FullName }).Succeeded.ShouldBeTrue();
        _corpora.Look();
        (await control.ReportAsync(static report => report.Corpora is { Length: > 0 })).Corpora!.Value.ShouldHaveSingleItem().Name.ShouldBe("docs");
    }

    [Fact]
    public async Task Instructions_start_gangs_and_their_lines_measurements_and_states_are_reported()
    {
        await using var control = FakeControlPlane.Start();
        Connect(control.Url);
        control.Instruct(1, Gang());
        var gang = await _engine.NextAsync();

        gang.Say(new GangEvent.Running());
        gang.Say(new GangEvent.Log(new LogLine { Job = 7, Island = "atlanta", Source = "trainer", UnixMilliseconds = 1, Text = "step 1" }));
        gang.Say(new GangEvent.Restarted(1));

        (await control.ReportAsync(report => !report.Logs.IsEmpty)).Logs[0].Text.ShouldBe("step 1");
        (await control.ReportAsync(report => report.Gangs.Any(seen => seen.TrainerRestarts == 1))).Gangs[0].State.ShouldBe(GangState.Running);
        _network.Peers.ShouldContain(peer => peer.Site == "wisconsin");
        _network.Routes.ShouldHaveSingleItem().To.ShouldBe("wisconsin");
        control.Instruct(2);
        await gang.StopAsked;
    }

    [Fact]
    public async Task A_session_that_the_control_plane_forgot_is_opened_again_under_the_same_name_and_gangs_go_on()
    {
        await using var control = FakeControlPlane.Start();
        Connect(control.Url);
        control.Instruct(1, Gang());
        var gang = await _engine.NextAsync();
        await control.ReportAsync(report => !report.Gangs.IsEmpty);

        control.Forget();

        await Patience.UntilAsync(() => control.Hellos == 2, "the second hello");
        control.LastHello!.Session.ShouldBe("session-1");
        gang.Say(new GangEvent.Running());
        await control.ReportAsync(report => report.Gangs.Any(seen => seen.State == GangState.Running));
        _engine.HasStartedMore.ShouldBeFalse();
    }

    [Fact]
    public async Task An_outage_loses_no_line_and_is_said_once_with_its_end()
    {
        var port = TrainerLaunch.FreePort();
        await using (var control = FakeControlPlane.Start(port))
        {
            Connect(control.Url);
            control.Instruct(1, Gang());
            await control.ReportAsync(report => !report.Gangs.IsEmpty);
        }

        var gang = await _engine.NextAsync();
        await Patience.UntilAsync(() => Said("cannot reach the control plane"), "the outage");
        gang.Say(new GangEvent.Log(new LogLine { Job = 7, Island = "atlanta", Source = "trainer", UnixMilliseconds = 1, Text = "during the outage" }));

        await using var again = FakeControlPlane.Start(port);
        again.Instruct(1, Gang());

        (await again.ReportAsync(report => !report.Logs.IsEmpty)).Logs[0].Text.ShouldBe("during the outage");
        await Patience.UntilAsync(() => Said("again after"), "the end of the outage");
        _said.Count.ShouldBe(2);
        _engine.HasStartedMore.ShouldBeFalse();
    }

    [Fact]
    public async Task A_report_that_was_not_taken_is_sent_again()
    {
        await using var control = FakeControlPlane.Start();
        control.Broken = true;
        Connect(control.Url);
        _buffer.Add(new LogLine { Job = 7, Island = "atlanta", Source = "trainer", UnixMilliseconds = 1, Text = "precious" });
        await Patience.UntilAsync(() => Said("it answered 500"), "a failed report");

        control.Broken = false;

        (await control.ReportAsync(_ => true)).Logs.ShouldHaveSingleItem().Text.ShouldBe("precious");
        (await control.ReportAsync(_ => true)).Logs.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict, "Site 'atlanta' has an agent already, process 12 on nova.")]
    [InlineData(HttpStatusCode.UpgradeRequired, "The agent speaks protocol 1; this control plane speaks 2.")]
    public async Task An_agent_that_is_refused_ends_with_the_control_planes_own_sentence(HttpStatusCode status, string sentence)
    {
        await using var control = FakeControlPlane.Start();
        control.Refusal = (status, new Problem(sentence));
        Connect(control.Url);

        (await _running.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken)).ShouldBe(new SessionEnd(sentence, Refused: true));
        control.Hellos.ShouldBe(1);
    }

    [Fact]
    public async Task A_name_that_the_dead_agent_before_this_one_still_holds_is_waited_for()
    {
        await using var control = FakeControlPlane.Start();
        control.Refusal = (HttpStatusCode.Conflict, new Problem("Site 'atlanta' has an agent already."));
        Connect(control.Url, takesOver: true);
        await Patience.UntilAsync(() => control.Hellos >= 2, "a second hello");

        control.Refusal = null;

        await _ready.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_control_plane_that_is_never_reached_is_given_up_after_the_stated_time()
    {
        Connect($"http://127.0.0.1:{TrainerLaunch.FreePort()}/", connectLimit: TimeSpan.FromSeconds(1));

        var end = (await _running.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken)).ShouldNotBeNull();

        end.Refused.ShouldBeFalse();
        end.Why.ShouldBe("cannot reach the control plane: nothing listens there; gave up after 1 s");
        _said.ShouldHaveSingleItem().ShouldEndWith("nothing listens there; trying again");
    }

    [Fact]
    public async Task An_agent_that_leaves_says_so()
    {
        await using var control = FakeControlPlane.Start();
        Connect(control.Url);
        await _ready.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);

        await _end.CancelAsync();
        (await _running.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken)).ShouldBeNull();
        await _session!.LeaveAsync();

        control.LeftSession.ShouldBe("session-1");
    }

    public async ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        await _end.CancelAsync();
        await _running;
        _session?.Dispose();
        _client?.Dispose();
        _end.Dispose();
    }

    private static GangAssignment Gang() => GangFixture.Assignment(GangFixture.Job("ready", "train"));

    private void Connect(string url, bool takesOver = false, TimeSpan? connectLimit = null)
    {
        var hello = new AgentHello { Protocol = 1, Session = "session-1", Host = "here", ProcessId = 1, Gateway = "127.0.0.1:9", Version = "0.1.0" };
        _client = new ControlClient(new Uri(url), "atlanta", hello.Session);
        _session = new ControlSession(new Uri(url), _client, hello, new SiteParts(_gangs, new CopyTable(new CopySite("atlanta", "/nowhere/gateway.socket", "/nowhere", TimeProvider.System), _changed.Set), _checkpoints, _corpora, _buffer, _network, _changed), Say, TimeProvider.System);
        _running = _session.RunAsync(connectLimit ?? Patience.Limit, takesOver, _ready.SetResult, _end.Token);
    }

    private void Say(string text)
    {
        lock (_said)
        {
            _said.Add(text);
        }
    }

    private bool Said(string part)
    {
        lock (_said)
        {
            return _said.Exists(text => text.Contains(part, StringComparison.Ordinal));
        }
    }

    private sealed class Network : ISiteNetwork
    {
        public ImmutableArray<PeerGateway> Peers { get; private set; } = [];

        public ImmutableArray<WanRoute> Routes { get; private set; } = [];

        public void SetPeers(ImmutableArray<PeerGateway> peers) => Peers = peers;

        public void SetRoutes(ImmutableArray<WanRoute> routes) => Routes = routes;

        public long CallersRefused => 3;

        public ImmutableArray<LinkReport> LinkReports() => [new LinkReport { Peer = "wisconsin", Connected = false, BytesSent = 0, BytesReceived = 0 }];
    }
}
