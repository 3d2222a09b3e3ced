using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Copies;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Api;

/// <summary>Speaks to the control plane's HTTP API. Safe for use by several threads.</summary>
internal sealed class ControlClient : IDisposable
{
    /// <summary>How long a connection may take to be made: a control plane that is there answers within one round trip.</summary>
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long an answer may take.</summary>
    private static readonly TimeSpan _answerLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    /// <summary>Speaks to the control plane at <paramref name="address"/>.</summary>
    public ControlClient(Uri address)
        : this(address, new SocketsHttpHandler { ConnectTimeout = _connectLimit, UseProxy = !address.IsLoopback })
    {
    }

    /// <summary>Speaks through a handler of the caller's own.</summary>
    public ControlClient(Uri address, HttpMessageHandler handler)
    {
        Address = address;
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where the control plane is.</summary>
    public Uri Address { get; }

    /// <summary>Every site that was ever heard.</summary>
    public Task<Answer<SiteView[]>> SitesAsync(CancellationToken cancellation) => GetAsync<SiteView[]>("v1/sites", cancellation);

    /// <summary>Every direction of every link.</summary>
    public Task<Answer<LinkView[]>> LinksAsync(CancellationToken cancellation) => GetAsync<LinkView[]>("v1/links", cancellation);

    /// <summary>Every queue.</summary>
    public Task<Answer<QueueView[]>> QueuesAsync(CancellationToken cancellation) => GetAsync<QueueView[]>("v1/queues", cancellation);

    /// <summary>Replaces all queues by those of a queues file, as the user named the file.</summary>
    public async Task<Answer<QueueView[]>> ApplyQueuesAsync(string file, string text, CancellationToken cancellation)
    {
        using var content = new StringContent(text, MediaTypeHeaderValue.Parse("application/yaml"));
        using var request = new HttpRequestMessage(HttpMethod.Put, $"v1/queues?file={Uri.EscapeDataString(file)}") { Content = content };
        return await SendAsync<QueueView[]>(request, cancellation);
    }

    /// <summary>Pauses a queue, or lets it go on.</summary>
    public Task<Answer<QueueView>> PauseQueueAsync(string queue, bool paused, CancellationToken cancellation) =>
        PostAsync<QueueView>($"v1/queues/{Uri.EscapeDataString(queue)}/{(paused ? "pause" : "resume")}", null, cancellation);

    /// <summary>The fleet file that was applied.</summary>
    public Task<Answer<AppliedFleetView>> FleetAsync(CancellationToken cancellation) => GetAsync<AppliedFleetView>("v1/fleet", cancellation);

    /// <summary>How the fleet is used now.</summary>
    public Task<Answer<FleetLoadView>> FleetLoadAsync(CancellationToken cancellation) => GetAsync<FleetLoadView>("v1/fleet/load", cancellation);

    /// <summary>Applies a fleet file, as the user named it.</summary>
    public async Task<Answer<AppliedFleetView>> ApplyFleetAsync(string file, string text, CancellationToken cancellation)
    {
        using var content = new StringContent(text, MediaTypeHeaderValue.Parse("application/yaml"));
        using var request = new HttpRequestMessage(HttpMethod.Put, $"v1/fleet?file={Uri.EscapeDataString(file)}") { Content = content };
        return await SendAsync<AppliedFleetView>(request, cancellation);
    }

    /// <summary>All that is out of service.</summary>
    public Task<Answer<OutageView[]>> OutagesAsync(CancellationToken cancellation) => GetAsync<OutageView[]>("v1/outages", cancellation);

    /// <summary>Takes something out of service.</summary>
    public Task<Answer<OutageView>> TakeOutAsync(OutageRequest request, CancellationToken cancellation) => PostAsync<OutageView>("v1/outages", request, cancellation);

    /// <summary>Lets something in service again; answers with what still is not.</summary>
    public Task<Answer<OutageView[]>> ReturnAsync(string target, CancellationToken cancellation) => PostAsync<OutageView[]>($"v1/outages/return?target={Uri.EscapeDataString(target)}", null, cancellation);

    /// <summary>What is reserved of the fleet.</summary>
    public Task<Answer<ReservationView[]>> ReservationsAsync(CancellationToken cancellation) => GetAsync<ReservationView[]>("v1/reservations", cancellation);

    /// <summary>Reserves something of the fleet.</summary>
    public Task<Answer<ReservationView>> ReserveAsync(ReservationRequest request, CancellationToken cancellation) => PostAsync<ReservationView>("v1/reservations", request, cancellation);

    /// <summary>Takes a reservation of the fleet back; answers with what still is reserved.</summary>
    public Task<Answer<ReservationView[]>> UnreserveAsync(string name, CancellationToken cancellation) => PostAsync<ReservationView[]>($"v1/reservations/{Uri.EscapeDataString(name)}/cancel", null, cancellation);

    /// <summary>What is reserved on links.</summary>
    public Task<Answer<RateView[]>> RatesAsync(CancellationToken cancellation) => GetAsync<RateView[]>("v1/rates", cancellation);

    /// <summary>Says what a link carries; answers with what is reserved on links then.</summary>
    public Task<Answer<RateView[]>> ChangeLinkAsync(LinkRequest request, CancellationToken cancellation) => PostAsync<RateView[]>("v1/rates", request, cancellation);

    /// <summary>What was decided about a job.</summary>
    public Task<Answer<RecordedPlanView[]>> PlansAsync(long job, CancellationToken cancellation) => GetAsync<RecordedPlanView[]>($"v1/jobs/{job}/plans", cancellation);

    /// <summary>Decides a recorded plan again.</summary>
    public Task<Answer<ReplayView>> ReplayAsync(long record, CancellationToken cancellation) => GetAsync<ReplayView>($"v1/replay/{record}", cancellation);

    /// <summary>Gives a job another priority.</summary>
    public Task<Answer<JobView>> ReprioritizeAsync(long job, int priority, CancellationToken cancellation) => PostAsync<JobView>($"v1/jobs/{job}/priority", new PriorityRequest(priority), cancellation);

    /// <summary>Every job.</summary>
    public Task<Answer<JobView[]>> JobsAsync(CancellationToken cancellation) => GetAsync<JobView[]>("v1/jobs", cancellation);

    /// <summary>One job.</summary>
    public Task<Answer<JobView>> JobAsync(long job, CancellationToken cancellation) => GetAsync<JobView>($"v1/jobs/{job}", cancellation);

    /// <summary>A job's log lines after a cursor; 0 begins with the oldest that is kept.</summary>
    public Task<Answer<LogPage>> LogsAsync(long job, long after, CancellationToken cancellation) =>
        GetAsync<LogPage>($"v1/jobs/{job}/logs?after={after}&limit={LogPage.LinesMax}", cancellation);

    /// <summary>Submits the text of a job file, as the user named the file, and the folder that a command of the user's own starts in.</summary>
    public Task<Answer<JobView>> SubmitAsync(string file, string? folder, string text, CancellationToken cancellation) => PostFileAsync<JobView>("v1/jobs", file, folder, text, cancellation);

    /// <summary>Asks what would become of a job if it were submitted.</summary>
    public Task<Answer<PlanView>> PlanAsync(string file, string? folder, string text, CancellationToken cancellation) => PostFileAsync<PlanView>("v1/plan", file, folder, text, cancellation);

    /// <summary>Asks why a job is where it is.</summary>
    public Task<Answer<WhyView>> WhyAsync(long job, CancellationToken cancellation) => GetAsync<WhyView>($"v1/jobs/{job}/why", cancellation);

    private async Task<Answer<T>> PostFileAsync<T>(string path, string file, string? folder, string text, CancellationToken cancellation)
        where T : class
    {
        using var content = new StringContent(text, MediaTypeHeaderValue.Parse("application/yaml"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{path}?file={Uri.EscapeDataString(file)}{(folder is null ? string.Empty : $"&directory={Uri.EscapeDataString(folder)}")}") { Content = content };
        return await SendAsync<T>(request, cancellation);
    }

    /// <summary>Cancels a job, or all elements of its array. The answer's value is the job's number.</summary>
    public Task<Answer<string>> CancelAsync(long job, bool array, CancellationToken cancellation) => CancelAsync($"v1/jobs/{job}/cancel{Whole(array)}", job, cancellation);

    private async Task<Answer<string>> CancelAsync(string path, long number, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        var answer = await SendAsync<JsonDocument>(request, cancellation);
        return answer.Succeeded ? Answer<string>.Of($"{number}") : answer.IsUnreachable ? Answer<string>.Unreachable(answer.Problems[0]) : Answer<string>.Refused(answer.Problems);
    }

    /// <summary>The checkpoints of a job.</summary>
    public Task<Answer<CheckpointList>> CheckpointsAsync(long job, CancellationToken cancellation) => GetAsync<CheckpointList>($"v1/jobs/{job}/checkpoints", cancellation);

    /// <summary>Asks the sites to verify a job's checkpoints.</summary>
    public Task<Answer<CheckpointList>> VerifyCheckpointsAsync(long job, CancellationToken cancellation) => PostAsync<CheckpointList>($"v1/jobs/{job}/checkpoints/verify", null, cancellation);

    /// <summary>Makes a job that goes on from a checkpoint of another.</summary>
    public Task<Answer<JobView>> RestoreAsync(long job, RestoreRequest request, CancellationToken cancellation) => PostAsync<JobView>($"v1/jobs/{job}/restore", request, cancellation);

    /// <summary>Takes a job back to a checkpoint.</summary>
    public Task<Answer<JobView>> RollBackAsync(long job, long checkpoint, CancellationToken cancellation) =>
        PostAsync<JobView>($"v1/jobs/{job}/rollback", new RollbackRequest(checkpoint), cancellation);

    /// <summary>Has a job save and stop.</summary>
    public Task<Answer<JobView>> HoldAsync(long job, bool array, CancellationToken cancellation) => PostAsync<JobView>($"v1/jobs/{job}/hold{Whole(array)}", null, cancellation);

    /// <summary>Lets a held job go on.</summary>
    public Task<Answer<JobView>> ReleaseAsync(long job, bool array, CancellationToken cancellation) => PostAsync<JobView>($"v1/jobs/{job}/release{Whole(array)}", null, cancellation);

    private static string Whole(bool array) => array ? "?array=true" : string.Empty;

    /// <summary>Every copy that is kept.</summary>
    public Task<Answer<CopyView[]>> CopiesAsync(CancellationToken cancellation) => GetAsync<CopyView[]>("v1/copies", cancellation);

    /// <summary>One copy.</summary>
    public Task<Answer<CopyView>> CopyAsync(long copy, CancellationToken cancellation) => GetAsync<CopyView>($"v1/copies/{copy}", cancellation);

    /// <summary>Asks for a copy; one that is the same and has not ended is that one.</summary>
    public async Task<Answer<CopyView>> CopyAsync(CopyRequest copy, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/copies") { Content = JsonContent.Create(copy, options: FactoryJson.Options) };
        return await SendAsync<CopyView>(request, cancellation);
    }

    /// <summary>Cancels a copy. The answer's value is its number.</summary>
    public Task<Answer<string>> CancelCopyAsync(long copy, CancellationToken cancellation) => CancelAsync($"v1/copies/{copy}/cancel", copy, cancellation);

    /// <summary>Opens the event stream of a job; throws <see cref="HttpRequestException"/> or <see cref="IOException"/> where it cannot, or later breaks.</summary>
    public async Task<HttpResponseMessage> OpenEventsAsync(long job, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{job}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        return response;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<Answer<T>> PostAsync<T>(string path, object? body, CancellationToken cancellation)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: FactoryJson.Options);
        return await SendAsync<T>(request, cancellation);
    }

    private async Task<Answer<T>> GetAsync<T>(string path, CancellationToken cancellation)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync<T>(request, cancellation);
    }

    private async Task<Answer<T>> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellation)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_answerLimit);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                return await RefusalAsync<T>(response, limit.Token);
            }

            // 202 and 204 may come without a body; the caller then asked for nothing but the doing of it.
            if (response.Content.Headers.ContentLength is 0 || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.Accepted)
            {
                return Answer<T>.Of(JsonSerializer.Deserialize<T>("{}", FactoryJson.Options)!);
            }

            return await response.Content.ReadFromJsonAsync<T>(FactoryJson.Options, limit.Token) is { } value
                ? Answer<T>.Of(value)
                : Unreachable<T>("it answered nothing");
        }
        catch (HttpRequestException exception)
        {
            return Unreachable<T>(exception.InnerException?.Message ?? exception.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unreachable<T>($"no answer within {_answerLimit.TotalSeconds:0} s");
        }
        catch (JsonException)
        {
            return Unreachable<T>("what answers there is no control plane of this version");
        }
        catch (IOException exception)
        {
            return Unreachable<T>(exception.Message);
        }
    }

    private async Task<Answer<T>> RefusalAsync<T>(HttpResponseMessage response, CancellationToken cancellation)
        where T : class
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return Unreachable<T>($"what answers there says {(int)response.StatusCode} {response.ReasonPhrase} and is no control plane of this version");
        }

        var refusal = await response.Content.ReadFromJsonAsync<Refusal>(FactoryJson.Options, cancellation);
        var title = refusal?.Title ?? $"The control plane refused with status {(int)response.StatusCode}.";
        return (int)response.StatusCode >= 500
            ? Answer<T>.Unreachable(new Problem($"The control plane at {Address} failed: {title}", Hint: "Its own output says more."))
            : Answer<T>.Refused(refusal is { Problems.IsDefaultOrEmpty: false } ? refusal.Problems : [new Problem(title)]);
    }

    private Answer<T> Unreachable<T>(string why)
        where T : class =>
        Answer<T>.Unreachable(new Problem(
            $"The control plane at {Address} cannot be reached: {why.TrimEnd('.')}.",
            Hint: "Start one with 'superfactory up' (a whole local factory) or 'superfactory control', or name another with --control URL."));

    private sealed record Refusal
    {
        public string? Title { get; init; }

        public ImmutableArray<Problem> Problems { get; init; } = [];
    }
}
