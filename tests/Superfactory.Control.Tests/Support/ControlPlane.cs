using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Superfactory.Control.Api;
using Superfactory.Control.Telemetry;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Control.Tests.Support;

/// <summary>A real control plane on a port of its own, with a clock that the test moves.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    /// <summary>Long enough for a loaded machine; a test that needs it has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _ending = new();
    private readonly Task<int> _running;

    private ControlPlane(string directory, ManualTimeProvider time)
    {
        (Directory, Time) = (directory, time);
        _running = ControlHost.RunAsync(
            new ControlOptions { Listen = "127.0.0.1:0", StateDirectory = directory }, time, Output, Error, _ending.Token);
    }

    public string Directory { get; }

    public ManualTimeProvider Time { get; }

    public LineSignal Output { get; } = new();

    public LineSignal Error { get; } = new();

    public HttpClient Http { get; } = new(new SocketsHttpHandler { Expect100ContinueTimeout = Patience }) { Timeout = Patience };

    public static async Task<ControlPlane> StartAsync(string directory, ManualTimeProvider? time = null)
    {
        var plane = new ControlPlane(directory, time ?? new ManualTimeProvider());
        if (await Task.WhenAny(plane.Output.FirstLine.Task, plane._running).WaitAsync(Patience) == plane._running)
        {
            throw new InvalidOperationException($"The control plane ended with {await plane._running}: {plane.Error}");
        }

        var ready = await plane.Output.FirstLine.Task;
        plane.Http.BaseAddress = new Uri(ready["ready ".Length..]);
        return plane;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Http.GetAsync(path);

    /// <summary>Asks as a browser does for a page.</summary>
    public Task<HttpResponseMessage> GetAsync(string path, string header, string value)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(header, value);
        return Http.SendAsync(request);
    }

    public Task<string> TextAsync(string path) => Http.GetStringAsync(path);

    /// <summary>Opens an event stream: returns once its head has come.</summary>
    public async Task<StreamReader> EventsAsync(string path)
    {
        var response = await Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    public Task<HttpResponseMessage> PostAsync(string path, HttpContent? content = null) => Http.PostAsync(path, content);

    /// <summary>Posts as a client that asks before it sends a long body.</summary>
    public Task<HttpResponseMessage> AskToPostAsync(string path, HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.ExpectContinue = true;
        return Http.SendAsync(request);
    }

    public Task<HttpResponseMessage> DeleteAsync(string path) => Http.DeleteAsync(path);

    public async Task<HttpResponseMessage> HelloAsync(string site, string session, int slots = 1, int protocol = FactoryJson.ProtocolVersion)
        => await Http.PostAsJsonAsync($"/v1/agents/{site}/session", new AgentHello
        {
            Protocol = protocol,
            Session = session,
            Host = $"{site}-host",
            ProcessId = 4242,
            Gateway = "127.0.0.1:9001",
            Slots = slots,
            Version = "0.1.0",
        }, FactoryJson.Options);

    public async Task JoinAsync(string site, string session = "s1", int slots = 1)
        => (await HelloAsync(site, session, slots)).EnsureSuccessStatusCode();

    public async Task<HttpResponseMessage> ReportAsync(string site, AgentReport report)
        => await Http.PostAsJsonAsync($"/v1/agents/{site}/report", report, FactoryJson.Options);

    public Task<HttpResponseMessage> ReportAsync(string site, string session = "s1", params GangReport[] gangs)
        => ReportAsync(site, new AgentReport { Session = session, Gangs = [.. gangs] });

    public async Task<AgentInstructions?> InstructionsAsync(string site, string session = "s1", long after = 0, int wait = 0)
    {
        var response = await Http.GetAsync($"/v1/agents/{site}/instructions?session={session}&after={after}&wait_ms={wait}");
        response.EnsureSuccessStatusCode();
        return response.StatusCode == System.Net.HttpStatusCode.NoContent
            ? null
            : await response.Content.ReadFromJsonAsync<AgentInstructions>(FactoryJson.Options);
    }

    public async Task<HttpResponseMessage> PostJobAsync(string yaml, string file = "job.yaml")
        => await Http.PostAsync($"/v1/jobs?file={file}", new StringContent(yaml, Encoding.UTF8, "application/yaml"));

    public async Task<JobView> SubmitAsync(string yaml)
    {
        var response = await PostJobAsync(yaml);
        var body = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(201, body);
        return JsonSerializer.Deserialize<JobView>(body, FactoryJson.Options)!;
    }

    public async Task<JobView> JobAsync(long id) => (await Http.GetFromJsonAsync<JobView>($"/v1/jobs/{id}", FactoryJson.Options))!;

    public async Task<SiteView[]> SitesAsync() => (await Http.GetFromJsonAsync<SiteView[]>("/v1/sites", FactoryJson.Options))!;

    public async Task<LogPage> LogsAsync(long id, long after = 0, int limit = 1000)
        => (await Http.GetFromJsonAsync<LogPage>($"/v1/jobs/{id}/logs?after={after}&limit={limit}", FactoryJson.Options))!;

    /// <summary>Asks until it is so. Each question is a call, so that nothing is guessed about time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    public static async Task<ApiProblem> ProblemAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json", body);
        var problem = JsonSerializer.Deserialize<ApiProblem>(body, FactoryJson.Options)!;
        problem.Status.ShouldBe((int)response.StatusCode);
        problem.Title.ShouldNotBeNullOrWhiteSpace();
        problem.Problems.ShouldNotBeEmpty();
        return problem;
    }

    /// <summary>Ends it as Ctrl-C would.</summary>
    public async Task<int> StopAsync()
    {
        await _ending.CancelAsync();
        return await _running.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Http.Dispose();
        _ending.Dispose();
    }
}
