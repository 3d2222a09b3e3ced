using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Superfactory.Control.Api;
using Superfactory.Control.Events;
using Superfactory.Control.Grants;
using Superfactory.Control.Journal;
using Superfactory.Control.Reading;
using Superfactory.Control.Telemetry;
using Superfactory.Control.Writing;
using Superfactory.Model;

namespace Superfactory.Control.Hosting;

/// <summary>Puts the parts together around one journal. Owns none of what it is given.</summary>
internal static class ControlApplication
{
    /// <summary>Open requests get this long to end when the host does, in milliseconds. Waits and streams end at once by themselves.</summary>
    public const int ShutdownMilliseconds = 1_000;

    public static WebApplication Build(IPEndPoint endPoint, FactoryJournal journal, TelemetryStore store, TimeProvider time)
    {
        // The content root is not the directory that the user happens to be in: no settings file there is meant for this.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // A host that can't start throws as well; ControlHost says so in one sentence.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(ShutdownMilliseconds));
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, endPoint));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            FactoryJson.Apply(json.SerializerOptions);
            json.SerializerOptions.RespectNullableAnnotations = true;
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddOpenApi("v1", ApiDocument.Configure);
        builder.Services
            .AddSingleton(time)
            .AddSingleton(journal)
            .AddSingleton<JournalReader>()
            .AddSingleton(store)
            .AddSingleton<FactoryWriter>()
            .AddSingleton<LeaseClock>()
            .AddSingleton<ReportOrder>()
            .AddSingleton<GrantBoard>()
            .AddSingleton<GrantClock>()
            .AddSingleton<LinkClock>()
            .AddSingleton<InstructionsDesk>()
            .AddSingleton<IslandBoard>()
            .AddSingleton<CopyBoard>()
            .AddSingleton<CopyViews>()
            .AddSingleton<EventHub>()
            .AddSingleton<ViewBuilder>()
            .AddSingleton<Publisher>()
            .AddSingleton<ReportTaker>()
            .AddSingleton<EventCalls>()
            .AddSingleton<FactoryRuntime>();

        var application = builder.Build();
        ApiErrors.Use(application);
        BrowserGuard.Use(application);
        AgentEndpoints.Map(application);
        JobEndpoints.Map(application);
        CopyEndpoints.Map(application);
        CheckpointEndpoints.Map(application);
        QueueEndpoints.Map(application);
        FleetEndpoints.Map(application);
        OutageEndpoints.Map(application);
        ReservationEndpoints.Map(application);
        RateEndpoints.Map(application);
        ReplayEndpoints.Map(application);
        FactoryEndpoints.Map(application);
        application.MapOpenApi("/openapi/{documentName}.json");
        return application;
    }

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint endPoint)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = ApiLimits.BodyBytesMax;
        kestrel.Listen(endPoint);
    }
}
