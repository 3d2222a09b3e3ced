using System.Text.Json;
using Superfactory.Control.Tests.Support;

namespace Superfactory.Control.Tests.Api;

public sealed class OpenApiTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Document_lists_every_call_with_a_summary_and_describes_the_bodies()
    {
        await using var plane = await ControlPlane.StartAsync(_directory.Path);

        using var document = JsonDocument.Parse(await plane.TextAsync("/openapi/v1.json"));

        var paths = document.RootElement.GetProperty("paths");
        paths.EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal).ShouldBe(
        [
            "/v1/agents/{site}/instructions", "/v1/agents/{site}/report", "/v1/agents/{site}/session",
            "/v1/copies", "/v1/copies/{id}", "/v1/copies/{id}/cancel", "/v1/events", "/v1/fleet", "/v1/fleet/load", "/v1/health", "/v1/jobs", "/v1/jobs/{id}", "/v1/jobs/{id}/cancel",
            "/v1/jobs/{id}/checkpoints", "/v1/jobs/{id}/checkpoints/verify", "/v1/jobs/{id}/events", "/v1/jobs/{id}/hold", "/v1/jobs/{id}/logs",
            "/v1/jobs/{id}/measurements", "/v1/jobs/{id}/plans", "/v1/jobs/{id}/priority", "/v1/jobs/{id}/release", "/v1/jobs/{id}/restore", "/v1/jobs/{id}/rollback", "/v1/jobs/{id}/why", "/v1/links", "/v1/outages", "/v1/outages/return", "/v1/plan", "/v1/queues", "/v1/queues/{name}/pause", "/v1/queues/{name}/resume", "/v1/rates", "/v1/replay/{record}", "/v1/reservations", "/v1/reservations/{name}/cancel", "/v1/sites",
        ]);
        foreach (var call in paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            call.Value.GetProperty("summary").GetString().ShouldNotBeNullOrWhiteSpace();
        }

        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        var fields = schemas.GetProperty("JobView").GetProperty("properties");
        fields.TryGetProperty("submitted_unix_milliseconds", out _).ShouldBeTrue();
        schemas.TryGetProperty("ApiProblem", out _).ShouldBeTrue();
        foreach (var field in fields.EnumerateObject())
        {
            field.Value.GetRawText().ShouldContain("\"description\"", customMessage: $"JobView.{field.Name}");
        }
    }

    [Theory]
    [InlineData("Origin", "http://example.com")]
    [InlineData("Origin", "null")]
    [InlineData("Host", "rebound.example.com")]
    public async Task Web_page_from_elsewhere_is_refused(string header, string value)
    {
        await using var plane = await ControlPlane.StartAsync(_directory.Path);

        var response = await plane.GetAsync("/v1/sites", header, value);

        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.Forbidden);
        await ControlPlane.ProblemAsync(response);
    }

    [Fact]
    public async Task Health_says_which_version_protocol_and_revision()
    {
        await using var plane = await ControlPlane.StartAsync(_directory.Path);
        await plane.JoinAsync("atlanta");

        (await plane.TextAsync("/v1/health")).ShouldBe("""{"status":"ok","version":"0.1.0","protocol":1,"journal_revision":1}""");
    }
}
