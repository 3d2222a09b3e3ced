using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Agents;

/// <summary>An agent's calls to the control plane. What goes wrong on the way is an answer, never an exception. Thread-safe.</summary>
internal sealed class ControlClient : IControlPlane, IDisposable
{
    /// <summary>How long the control plane may hold a request for instructions before it answers that nothing changed.</summary>
    public static readonly TimeSpan InstructionsWait = TimeSpan.FromSeconds(10);

    /// <summary>How long a call may take beyond what it asks the control plane to wait.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _session;

    /// <summary>Makes a client; it connects with its first call.</summary>
    public ControlClient(Uri control, string site, string session)
    {
        _session = session;

        // A proxy that the environment names is for the way out of the site, never for this machine itself.
        var handler = new SocketsHttpHandler
        {
            UseProxy = !control.IsLoopback,
            AllowAutoRedirect = false,
            ConnectTimeout = ControlConnection.ConnectLimit,
            ConnectCallback = ControlConnection.OpenAsync,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(control, $"/v1/agents/{Uri.EscapeDataString(site)}/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public Task<ControlAnswer> HelloAsync(AgentHello hello, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Post, "session", hello, TimeSpan.Zero, AnswerHelloAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<ControlAnswer> ReportAsync(AgentReport report, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Post, "report", report, TimeSpan.Zero, (_, _) => Task.FromResult<ControlAnswer?>(new ControlAnswer.Taken()), cancellationToken);

    /// <inheritdoc/>
    public Task<ControlAnswer> InstructionsAsync(long after, long routes, CancellationToken cancellationToken)
    {
        var path = $"instructions?session={Uri.EscapeDataString(_session)}&after={after}&routes={routes}&wait_ms={(long)InstructionsWait.TotalMilliseconds}";
        return CallAsync(HttpMethod.Get, path, null, InstructionsWait, AnswerInstructionsAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ControlAnswer> LeaveAsync(CancellationToken cancellationToken) => CallAsync(
        HttpMethod.Delete, $"session?session={Uri.EscapeDataString(_session)}", null, TimeSpan.Zero,
        (_, _) => Task.FromResult<ControlAnswer?>(new ControlAnswer.Taken()), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<ControlAnswer> CallAsync(
        HttpMethod method, string path, object? body, TimeSpan wait,
        Func<HttpResponseMessage, CancellationToken, Task<ControlAnswer?>> answer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CallLimit + wait);
        try
        {
            using var request = new HttpRequestMessage(method, path);
            request.Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: FactoryJson.Options);
            using var response = await _http.SendAsync(request, limit.Token);
            return response switch
            {
                { StatusCode: HttpStatusCode.Gone } => new ControlAnswer.UnknownSession(),
                { IsSuccessStatusCode: true } => await answer(response, limit.Token) ?? new ControlAnswer.Unreachable("its answer is empty"),
                { StatusCode: HttpStatusCode.Conflict or HttpStatusCode.UpgradeRequired or HttpStatusCode.BadRequest } =>
                    new ControlAnswer.Refused(await WhyAsync(response, limit.Token), response.StatusCode == HttpStatusCode.Conflict),
                { StatusCode: HttpStatusCode.NotFound } => new ControlAnswer.Unreachable("what answers there is no control plane (404 Not Found)"),
                _ => new ControlAnswer.Unreachable($"it answered {(int)response.StatusCode}, {await WhyAsync(response, limit.Token)}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ControlAnswer.Unreachable($"it did not answer within {(CallLimit + wait).TotalSeconds:0} s");
        }
        catch (HttpRequestException error)
        {
            return new ControlAnswer.Unreachable(error.InnerException is SocketException socket ? socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "nothing listens there",
                SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "there is no machine of that name",
                _ => socket.Message,
            } : error.Message.TrimEnd('.'));
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            return new ControlAnswer.Unreachable($"its answer cannot be read ({error.Message.TrimEnd('.')})");
        }
    }

    private static async Task<ControlAnswer?> AnswerHelloAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync<AgentWelcome>(FactoryJson.Options, cancellationToken) is { } welcome ? new ControlAnswer.Welcomed(welcome) : null;

    private static async Task<ControlAnswer?> AnswerInstructionsAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return new ControlAnswer.Unchanged();
        }

        return await response.Content.ReadFromJsonAsync<AgentInstructions>(FactoryJson.Options, cancellationToken) is { } instructions
            ? new ControlAnswer.Instructed(instructions)
            : null;
    }

    private static async Task<string> WhyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (text.Length > 0 && JsonSerializer.Deserialize<RefusalBody>(text, FactoryJson.Options) is { } body)
            {
                return body.Problems is { Length: > 0 } problems ? string.Join(' ', problems.Select(problem => problem.ToString())) : body.Title ?? response.ReasonPhrase ?? "no reason";
            }
        }
        catch (JsonException)
        {
            // Another server's page, which has no reason in it.
        }

        return response.ReasonPhrase ?? "no reason";
    }

    private sealed record RefusalBody(string? Title, Problem[]? Problems);
}
