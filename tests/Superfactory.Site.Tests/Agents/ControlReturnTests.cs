using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Agents;
using Superfactory.Site.Checkpoints;
using Superfactory.Site.Copies;
using Superfactory.Site.Data;
using Superfactory.Site.Tests.Support;
using Superfactory.Wan.Tests;

namespace Superfactory.Site.Tests.Agents;

/// <summary>How soon an agent speaks with a control plane that is back, in virtual time.</summary>
public sealed class ControlReturnTests : IDisposable
{
    /// <summary>What a site may take once its control plane can be reached, as docs/operations.md states.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(4);

    /// <summary>After this long a call ends that nobody answers although the other machine is there.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(Away.Refuses, 200)]
    [InlineData(Away.Refuses, 7_800)]
    [InlineData(Away.Refuses, 61_300)]
    [InlineData(Away.IsSilent, 900)]
    [InlineData(Away.IsSilent, 3_050)]
    [InlineData(Away.IsSilent, 12_345)]
    [InlineData(Away.IsSilent, 61_300)]
    public void A_control_plane_that_is_back_hears_the_site_and_is_asked_for_instructions_soon(Away how, int milliseconds) => VirtualTime.Run(async time =>
    {
        var control = new Control(time);
        using var end = new CancellationTokenSource();
        using var session = Session(control, time);
        var running = session.RunAsync(CallLimit, takesOver: false, () => { }, end.Token);
        await Task.Delay(TimeSpan.FromMilliseconds(3_210), time, CancellationToken.None);

        control.Leave(how);
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, CancellationToken.None);
        control.Return();
        await Task.Delay(Bound, time, CancellationToken.None);

        control.Reports.ShouldBePositive();
        control.Questions.ShouldBePositive();
        running.IsCompleted.ShouldBeFalse();
    });

    private ControlSession Session(Control control, TimeProvider time)
    {
        var changed = new Signal();
        var buffer = new ReportBuffer(time);
        var checkpoints = new CheckpointTable(_directory.FullName, changed.Set, static _ => { });
        var corpora = new CorpusTable(_directory.FullName, changed.Set);
        var gangs = new GangTable(new MemoryEngine(), MemoryEngine.Prepare, buffer, checkpoints, changed.Set);
        var copies = new CopyTable(new CopySite("atlanta", Path.Combine(_directory.FullName, "gateway.socket"), _directory.FullName, time), changed.Set);
        var hello = new AgentHello { Protocol = 1, Session = "session-1", Host = "here", ProcessId = 1, Gateway = "127.0.0.1:9", Version = "0.1.0" };
        return new ControlSession(new Uri("http://control/"), control, hello, new SiteParts(gangs, copies, checkpoints, corpora, buffer, new NoNetwork(), changed), static _ => { }, time);
    }

    /// <summary>How a control plane is not there.</summary>
    public enum Away
    {
        /// <summary>Its process is not there, and its machine says so.</summary>
        Refuses,

        /// <summary>Nothing comes back: its machine is off, or the way to it is cut. When it is back it knows nothing of calls that were under way.</summary>
        IsSilent,
    }

    /// <summary>
    /// A control plane as an agent's client shows it: a call to one that is silent ends when the kernel gives its connection up, and one that waits for an
    /// answer that was lost only after the call's own limit.
    /// </summary>
    private sealed class Control(TimeProvider time) : IControlPlane
    {
        private static readonly TimeSpan _roundTrip = TimeSpan.FromMilliseconds(20);

        private TaskCompletionSource _ended = new();
        private Away? _away;

        public int Reports { get; private set; }

        public int Questions { get; private set; }

        public void Leave(Away how)
        {
            _away = how;
            if (how == Away.Refuses)
            {
                Interlocked.Exchange(ref _ended, new TaskCompletionSource()).SetResult();
            }
        }

        public void Return() => (_away, Reports, Questions) = (null, 0, 0);

        public Task<ControlAnswer> HelloAsync(AgentHello hello, CancellationToken cancellationToken) =>
            CallAsync(static _ => new ControlAnswer.Welcomed(new AgentWelcome { LeaseMilliseconds = 5_000 }), cancellationToken);

        public Task<ControlAnswer> ReportAsync(AgentReport report, CancellationToken cancellationToken) => CallAsync(
            static control =>
            {
                control.Reports++;
                return new ControlAnswer.Taken();
            },
            cancellationToken);

        public async Task<ControlAnswer> InstructionsAsync(long after, long routes, CancellationToken cancellationToken)
        {
            var asked = await CallAsync(
                static control =>
                {
                    control.Questions++;
                    return new ControlAnswer.Unchanged();
                },
                cancellationToken);
            if (asked is ControlAnswer.Unreachable)
            {
                return asked;
            }

            // A delay's cancellation would go by way of other threads, which virtual time does not wait for.
            var outdated = new TaskCompletionSource();
            await using var registration = cancellationToken.Register(() => outdated.TrySetCanceled(cancellationToken));
            var limit = Task.Delay(CallLimit, time, CancellationToken.None);
            var first = await Task.WhenAny(_ended.Task, outdated.Task, limit);
            await first;
            return first == limit ? new ControlAnswer.Unchanged() : new ControlAnswer.Unreachable("it ended");
        }

        public Task<ControlAnswer> LeaveAsync(CancellationToken cancellationToken) => CallAsync(static _ => new ControlAnswer.Taken(), cancellationToken);

        private async Task<ControlAnswer> CallAsync(Func<Control, ControlAnswer> answer, CancellationToken cancellationToken)
        {
            switch (_away)
            {
                case Away.Refuses:
                    await Task.Delay(_roundTrip, time, cancellationToken);
                    return new ControlAnswer.Unreachable("nothing listens there");
                case Away.IsSilent:
                    await Task.Delay(ControlConnection.SilenceMax, time, cancellationToken);
                    return new ControlAnswer.Unreachable("nobody answers");
                default:
                    await Task.Delay(_roundTrip, time, cancellationToken);
                    return answer(this);
            }
        }
    }

    private sealed class NoNetwork : ISiteNetwork
    {
        public long CallersRefused => 0;

        public void SetPeers(ImmutableArray<PeerGateway> peers)
        {
        }

        public void SetRoutes(ImmutableArray<WanRoute> routes)
        {
        }

        public ImmutableArray<LinkReport> LinkReports() => [];
    }
}
