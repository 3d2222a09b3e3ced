using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;

namespace Superfactory.Site.Tests.Support;

/// <summary>The agents' part of a control plane over real HTTP, for one site; tests say what it instructs and see what it is told.</summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Channel<AgentReport> _reports = Channel.CreateUnbounded<AgentReport>();
    private readonly Lock _lock = new();
    private readonly Task _serving;
    private AgentInstructions _instructions = new() { Revision = 0 };
    private TaskCompletionSource _instructed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _session;

    private FakeControlPlane(int port)
    {
        Url = $"http://127.0.0.1:{port}/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    public int Hellos { get; private set; }

    public AgentHello? LastHello { get; private set; }

    public string? LeftSession { get; private set; }

    /// <summary>What the next hellos are answered with instead of a welcome.</summary>
    public (HttpStatusCode Status, Problem Problem)? Refusal { get; set; }

    /// <summary>While true every report gets 500.</summary>
    public bool Broken { get; set; }

    public static FakeControlPlane Start(int? port = null) => new(port ?? Superfactory.Site.Gangs.TrainerLaunch.FreePort());

    public void Instruct(long revision, params GangAssignment[] gangs)
    {
        lock (_lock)
        {
            _instructions = new AgentInstructions
            {
                Revision = revision,
                Gangs = [.. gangs],
                Peers = [new PeerGateway("wisconsin", "127.0.0.1:1")],
                Routes = [new WanRoute { From = "atlanta", To = "wisconsin", Class = TrafficClass.Merge, Paths = [new WanPath { Sites = ["atlanta", "wisconsin"], BytesPerSecond = 1 }] }],
            };
            _instructed.TrySetResult();
            _instructed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Forgets the session, as a control plane without a journal would.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _session = null;
            _instructed.TrySetResult();
            _instructed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Reads reports until one is as wanted.</summary>
    public async Task<AgentReport> ReportAsync(Func<AgentReport, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        await foreach (var report in _reports.Reader.ReadAllAsync(limit.Token))
        {
            if (wanted(report))
            {
                return report;
            }
        }

        throw new InvalidOperationException("The control plane was closed.");
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                _ = AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        try
        {
            var (status, body) = await DecideAsync(call.Request);
            call.Response.StatusCode = (int)status;
            if (body is not null)
            {
                await call.Response.OutputStream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, FactoryJson.Options));
            }

            call.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The agent was killed, or this control plane was, in the middle of a call.
        }
    }

    private async Task<(HttpStatusCode Status, object? Body)> DecideAsync(HttpListenerRequest request)
    {
        switch (request.HttpMethod, request.Url!.Segments[^1])
        {
            case ("POST", "session"):
                LastHello = await JsonSerializer.DeserializeAsync<AgentHello>(request.InputStream, FactoryJson.Options);
                Hellos++;
                if (Refusal is { } refusal)
                {
                    return (refusal.Status, new { Title = "Refused", Status = (int)refusal.Status, Problems = new[] { refusal.Problem } });
                }

                _session = LastHello!.Session;
                return (HttpStatusCode.OK, new AgentWelcome { LeaseMilliseconds = 5000 });
            case ("DELETE", "session"):
                LeftSession = request.QueryString["session"];
                return (HttpStatusCode.NoContent, null);
            case ("POST", "report"):
                var report = await JsonSerializer.DeserializeAsync<AgentReport>(request.InputStream, FactoryJson.Options);
                if (report!.Session != _session)
                {
                    return (HttpStatusCode.Gone, null);
                }

                if (!Broken)
                {
                    await _reports.Writer.WriteAsync(report);
                }

                return (Broken ? HttpStatusCode.InternalServerError : HttpStatusCode.NoContent, null);
            case ("GET", "instructions"):
                return await InstructAsync(request);
            default:
                return (HttpStatusCode.NotFound, null);
        }
    }

    private async Task<(HttpStatusCode Status, object? Body)> InstructAsync(HttpListenerRequest request)
    {
        var after = long.Parse(request.QueryString["after"]!);
        var wait = Task.Delay(int.Parse(request.QueryString["wait_ms"]!));
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (request.QueryString["session"] != _session)
                {
                    return (HttpStatusCode.Gone, null);
                }

                if (_instructions.Revision != after)
                {
                    return (HttpStatusCode.OK, _instructions);
                }

                changed = _instructed.Task;
            }

            if (await Task.WhenAny(changed, wait) == wait)
            {
                return (HttpStatusCode.NoContent, null);
            }
        }
    }
}
